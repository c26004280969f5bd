/**
 * Asks the chat that Slipway serves, where the stage says how: SLIPWAY_CHAT_URL is its address (it
 * speaks OpenAI's API), SLIPWAY_CHAT_TOKEN_FILE a file with a token that may ask models and nothing else.
 */
import { readFile } from 'node:fs/promises';

/** Of one answer, from the question to its last word. */
const LIMIT_MS = 20_000;
const MAX_TOKENS = 120;
const MAX_ANSWER_CHARS = 1_000;
const INSTRUCTION = 'You are Pilot, the assistant of a small web chat. Answer in a sentence or two.';

/** The answer of the first model that is served; undefined where there is none, or it is silent. */
export async function askModel(question, env = process.env) {
  const { SLIPWAY_CHAT_URL: url, SLIPWAY_CHAT_TOKEN_FILE: file } = env;
  if (!url || !file) return undefined;
  try {
    const token = (await readFile(file, 'utf8')).trim();
    const signal = AbortSignal.timeout(LIMIT_MS);
    const call = (path, body) => callApi(`${url}${path}`, { token, body, signal });
    const [first] = (await call('/models')).data;
    const said = await call('/chat/completions', {
      model: first.id,
      max_tokens: MAX_TOKENS,
      temperature: 0,
      messages: [
        { role: 'system', content: INSTRUCTION },
        { role: 'user', content: question },
      ],
    });
    const answer = String(said.choices[0].message.content).trim().slice(0, MAX_ANSWER_CHARS);
    if (answer === '') throw new Error('it said nothing');
    return { model: first.id, isToy: said.slipway?.toy === true, answer };
  } catch (error) {
    console.error(`the model did not answer: ${error.message}`);
    return undefined;
  }
}

async function callApi(address, { token, body, signal }) {
  const response = await fetch(address, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    signal,
  });
  const answered = await response.json();
  if (!response.ok) throw new Error(answered?.error?.message ?? `status ${response.status}`);
  return answered;
}
