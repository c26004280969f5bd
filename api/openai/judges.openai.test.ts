import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI, { APIUserAbortError, NotFoundError, RateLimitError } from 'openai';
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { EngineLost } from '../../activities/platform/model-errors.js';
import { calm, gate, hello, type Judged, startJudged, startOpenAi } from './testing.js';

// The npm package `openai`, unmodified, against the whole API.

let api: Judged;
let client: OpenAI;
beforeAll(async () => {
  api = await startJudged();
  client = new OpenAI({ apiKey: api.token, baseURL: api.baseUrl, maxRetries: 0 });
});
afterAll(() => api.close());
afterEach(() => calm(api.chat));

const ask = { model: 'fake', messages: [{ role: 'user' as const, content: 'hello' }] };
const Weather = z.object({ city: z.string(), degrees: z.number() });

describe('the client of OpenAI', () => {
  it('lists and gets models', async () => {
    const found = [];
    for await (const model of client.models.list()) found.push(model.id);
    expect(found).toEqual(['fake']);
    expect(await client.models.retrieve('fake')).toMatchObject({ object: 'model', id: 'fake' });
    await expect(client.models.retrieve('org/none:7b')).rejects.toBeInstanceOf(NotFoundError);
  });

  it('creates an answer, whole and in a stream', async () => {
    api.chat.models.text = 'to be or not';
    const answer = await client.chat.completions.create(ask);
    expect(answer.choices[0]?.message.content).toBe('to be or not');
    expect(answer._request_id).toBeTruthy();
    let text = '';
    let usage: OpenAI.CompletionUsage | null | undefined;
    const stream = await client.chat.completions.create({
      ...ask,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect([text, usage?.total_tokens]).toEqual(['to be or not', 5]);
  });

  it('puts a stream together with its own helper', async () => {
    const stream = client.chat.completions.stream({ ...ask, logprobs: true });
    const said: string[] = [];
    stream.on('content', (delta) => said.push(delta));
    const whole = await stream.finalChatCompletion();
    expect(said.join('')).toBe(whole.choices[0]?.message.content);
    expect(whole.choices[0]?.finish_reason).toBe('stop');
    expect(whole.choices[0]?.logprobs?.content?.map(({ token }) => token).join('')).toBe(
      whole.choices[0]?.message.content,
    );
  });

  it('parses what a schema promises', async () => {
    api.chat.models.text = '{"city": "Oslo", "degrees": 3}';
    const answer = await client.chat.completions.parse({
      ...ask,
      response_format: zodResponseFormat(Weather, 'weather'),
    });
    expect(answer.choices[0]?.message.parsed).toEqual({ city: 'Oslo', degrees: 3 });
    expect(api.chat.models.wishes.at(-1)?.format).toMatchObject({
      kind: 'json',
      schema: { type: 'object', required: ['city', 'degrees'] },
    });
  });

  it('is given calls of its tools, whole and in deltas', async () => {
    const given = { name: 'weather', arguments: '{"city":"Oslo","degrees":3}' };
    api.chat.models.callFor = () => given;
    const wish = { ...ask, tools: [zodFunction({ name: 'weather', parameters: Weather })] };
    const answer = await client.chat.completions.parse(wish);
    const [call] = answer.choices[0]?.message.tool_calls ?? [];
    expect(call?.type === 'function' && call.function.parsed_arguments).toEqual({
      city: 'Oslo',
      degrees: 3,
    });
    expect(answer.choices[0]?.finish_reason).toBe('tool_calls');
    const stream = client.chat.completions.stream(wish);
    const streamed = await stream.finalMessage();
    expect(streamed.tool_calls?.[0]).toMatchObject({ id: 'call-1', function: given });
  });

  it('runs tools until there is an answer', async () => {
    api.chat.models.callFor = ({ prompt }) =>
      'messages' in prompt && prompt.messages.some(({ role }) => role === 'tool')
        ? undefined
        : { name: 'weather', arguments: '{"city":"Oslo","degrees":3}' };
    const runner = client.chat.completions.runTools({
      ...ask,
      tools: [
        {
          type: 'function',
          function: {
            name: 'weather',
            description: 'the weather of a city',
            parameters: { type: 'object', properties: { city: { type: 'string' } } },
            parse: JSON.parse,
            function: async ({ city }: { city: string }) => `sunny in ${city}`,
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('to be or not');
    expect(api.chat.models.wishes.at(-1)?.prompt).toMatchObject({
      messages: [
        { role: 'user' },
        { role: 'assistant', toolCalls: [{ id: 'call-1', name: 'weather' }] },
        { role: 'tool', content: 'sunny in Oslo', toolCallId: 'call-1' },
      ],
    });
  });

  it('goes on from a text', async () => {
    const request = { model: 'fake', prompt: 'once', echo: true, max_tokens: 20 };
    const answer = await client.completions.create(request);
    expect(answer.choices[0]?.text).toBe('onceto be or not');
    let text = '';
    for await (const chunk of await client.completions.create({ ...request, stream: true })) {
      text += chunk.choices[0]?.text ?? '';
    }
    expect(text).toBe('onceto be or not');
    const likely = await client.completions.create({ model: 'fake', prompt: 'x', logprobs: 1 });
    expect(likely.choices[0]?.logprobs).toMatchObject({ text_offset: [0, 2, 5, 8] });
  });

  it('gets vectors, by default as base64', async () => {
    const input = ['four', 'seventy'];
    const packed = await client.embeddings.create({ model: 'fake', input });
    const plain = await client.embeddings.create({
      model: 'fake',
      input: 'four',
      encoding_format: 'float',
    });
    expect(packed.data.map(({ embedding }) => [...embedding])).toEqual([
      [4, 1],
      [7, 1],
    ]);
    expect([...(plain.data[0]?.embedding ?? [])]).toEqual([4, 1]);
    expect(packed.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
  });

  it('ends its answer by leaving', async () => {
    const told = gate();
    api.chat.models.beforeAnswer = async (_wish, signal) => {
      signal.addEventListener('abort', () => told.open());
      await told.pass();
    };
    const leaving = new AbortController();
    const answering = client.chat.completions.create(
      { ...ask, stream: true },
      { signal: leaving.signal },
    );
    await told.reached;
    leaving.abort();
    await expect(answering).rejects.toBeInstanceOf(APIUserAbortError);
    await told.pass();
  });

  it('comes back when it was told to', async () => {
    const waited: string[] = [];
    const patient = new OpenAI({
      apiKey: api.token,
      baseURL: api.baseUrl,
      maxRetries: 1,
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        waited.push(`${answer.status} ${answer.headers.get('retry-after')}`);
        api.chat.models.trouble = undefined;
        // As the answer says, only sooner.
        const headers = new Headers(answer.headers);
        if (headers.has('retry-after')) headers.set('retry-after-ms', '1');
        return new Response(answer.body, { status: answer.status, headers });
      },
    });
    api.chat.models.trouble = new EngineLost('the engine died', 'Ask again.');
    const answer = await patient.chat.completions.create(ask);
    expect(answer.choices[0]?.message.content).toBe('to be or not');
    expect(waited).toEqual(['503 5', '200 null']);
  });

  it('is told of an error in the middle of a stream', async () => {
    api.chat.models.beforeWord = async (_wish, index) => {
      if (index === 1) throw new EngineLost('the engine died', 'Ask again.');
    };
    const stream = await client.chat.completions.create({ ...ask, stream: true });
    const reading = (async () => {
      for await (const _chunk of stream);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'engine_lost', type: 'server_error' });
  });

  it('gets typed errors', async () => {
    await expect(client.chat.completions.create({ ...ask, model: 'gpt-4o' })).rejects.toMatchObject(
      { status: 404, code: 'model_not_found', param: 'model' },
    );
    const stranger = new OpenAI({ apiKey: 'slp_x', baseURL: api.baseUrl, maxRetries: 0 });
    await expect(stranger.chat.completions.create(ask)).rejects.toMatchObject({
      status: 401,
      type: 'authentication_error',
      code: 'invalid_api_key',
    });
    const reader = await api.tokenOf('rex', ['read']);
    const unable = new OpenAI({ apiKey: reader, baseURL: api.baseUrl, maxRetries: 0 });
    await expect(unable.models.list()).rejects.toMatchObject({
      status: 403,
      type: 'permission_error',
    });
    await expect(client.chat.completions.create({ ...ask, temperature: 7 })).rejects.toMatchObject({
      status: 400,
      param: 'temperature',
    });
  });

  it('called nobody else', () => expect(api.elsewhere()).toEqual([]));
});

describe('a budget', () => {
  it('that is used up is a rate limit, and says when there is more', async () => {
    const small = await startOpenAi({ config: { SLIPWAY_CHAT_REQUESTS_PER_MINUTE: 2 } });
    const asking = new OpenAI({ apiKey: small.token, baseURL: small.baseUrl, maxRetries: 0 });
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(() => asking.chat.completions.create({ ...ask, messages: ask.messages })),
    );
    const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused).toHaveLength(1);
    expect(refused[0]).toBeInstanceOf(RateLimitError);
    expect(refused[0].code).toBe('rate_limit_exceeded');
    const seconds = Number(refused[0].headers.get('retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
    const bob = await small.tokenOf('bob', ['chat']);
    const other = await small.post('/chat/completions', hello, { authorization: `Bearer ${bob}` });
    expect(other.status).toBe(200);
    await small.close();
  });
});
