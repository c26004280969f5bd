import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { z } from 'zod';
import { EngineLost } from '../../activities/platform/model-errors.js';
import { calm, gate, type Judged, startJudged } from './testing.js';

// The npm package `@langchain/openai`, unmodified, against the whole API.

let api: Judged;
let model: ChatOpenAI;
beforeAll(async () => {
  api = await startJudged();
  model = chat();
});
afterAll(() => api.close());
afterEach(() => calm(api.chat));

function chat(): ChatOpenAI {
  return new ChatOpenAI({
    model: 'fake',
    apiKey: api.token,
    maxRetries: 0,
    configuration: { baseURL: api.baseUrl },
  });
}

const Weather = z.object({ city: z.string(), degrees: z.number() });

describe('LangChain', () => {
  it('invokes a model, with what it cost', async () => {
    api.chat.models.text = 'to be or not';
    const answer = await model.invoke('hello');
    expect(answer.content).toBe('to be or not');
    expect(answer.usage_metadata).toMatchObject({ input_tokens: 1, output_tokens: 4 });
  });

  it('streams, with what it cost', async () => {
    let [text, tokens] = ['', 0];
    for await (const chunk of await model.stream('hello')) {
      text += chunk.text;
      tokens += (chunk.usage_metadata as { total_tokens: number } | undefined)?.total_tokens ?? 0;
    }
    expect([text, tokens]).toEqual(['to be or not', 5]);
  });

  it('gets structured output, by schema and by a call', async () => {
    api.chat.models.text = '{"city":"Oslo","degrees":3}';
    const bySchema = model.withStructuredOutput(Weather, { name: 'w', method: 'jsonSchema' });
    expect(await bySchema.invoke('hello')).toEqual({ city: 'Oslo', degrees: 3 });
    api.chat.models.callFor = () => ({ name: 'w', arguments: '{"city":"Bergen","degrees":5}' });
    const byCall = model.withStructuredOutput(Weather, { name: 'w', method: 'functionCalling' });
    expect(await byCall.invoke('hello')).toEqual({ city: 'Bergen', degrees: 5 });
    expect(api.chat.models.wishes.at(-1)?.toolChoice).toEqual({ name: 'w' });
  });

  it('is given calls of its tools, whole and in deltas', async () => {
    api.chat.models.callFor = () => ({ name: 'weather', arguments: '{"city":"Oslo"}' });
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const bound = model.bindTools([
      { type: 'function', function: { name: 'weather', description: 'of a city', parameters } },
    ]);
    const { tool_calls } = await bound.invoke('hello');
    expect(tool_calls).toMatchObject([{ name: 'weather', args: { city: 'Oslo' }, id: 'call-1' }]);
    let whole: Awaited<ReturnType<typeof bound.invoke>> | undefined;
    for await (const chunk of await bound.stream('hello')) {
      whole = whole ? whole.concat(chunk) : chunk;
    }
    expect(whole?.tool_calls).toMatchObject([{ name: 'weather', args: { city: 'Oslo' } }]);
  });

  it('embeds texts', async () => {
    const embeddings = new OpenAIEmbeddings({
      model: 'fake',
      apiKey: api.token,
      maxRetries: 0,
      configuration: { baseURL: api.baseUrl },
    });
    expect(await embeddings.embedDocuments(['four', 'seventy'])).toEqual([
      [4, 1],
      [7, 1],
    ]);
  });

  it('ends its answer by leaving', async () => {
    const told = gate();
    api.chat.models.beforeAnswer = async (_wish, signal) => {
      signal.addEventListener('abort', () => told.open());
      await told.pass();
    };
    const leaving = new AbortController();
    const answering = model.invoke('hello', { signal: leaving.signal });
    await told.reached;
    leaving.abort();
    await expect(answering).rejects.toThrow();
    await told.pass();
  });

  it('is told of an error in the middle of a stream', async () => {
    api.chat.models.beforeWord = async (_wish, index) => {
      if (index === 1) throw new EngineLost('the engine died', 'Ask again.');
    };
    const reading = (async () => {
      for await (const _chunk of await model.stream('hello'));
    })();
    await expect(reading).rejects.toThrow('the engine died');
  });

  it('called nobody else', () => expect(api.elsewhere()).toEqual([]));
});
