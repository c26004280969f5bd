import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ContextTooLong, EngineLost } from '../../activities/platform/model-errors.js';
import type { Wish } from '../../workflows/domain/chat.js';
import { dataOf, gate, hello, type OpenAiApi, startOpenAi } from './testing.js';

// The wire of /v1, byte for byte where clients look.

let api: OpenAiApi;
beforeAll(async () => {
  api = await startOpenAi();
});
afterAll(() => api.close());
beforeEach(() => {
  api.chat.models.text = 'to be or not';
  api.chat.models.beforeWord = async () => undefined;
  api.chat.models.beforeAnswer = async () => undefined;
});
afterEach(() => {
  api.chat.models.trouble = undefined;
});

const lastWish = (): Wish => api.chat.models.wishes.at(-1)!;

describe('a chat completion', () => {
  it('has the shape that OpenAI gives it, and says that a toy wrote it', async () => {
    const answer = await api.post('/chat/completions', hello);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-request-id')).toBeTruthy();
    expect(JSON.parse(answer.headers.get('x-slipway-meta') ?? '{}')).toMatchObject({ toy: true });
    expect(await answer.json()).toEqual({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{32}$/),
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'fake',
      system_fingerprint: 'fp_000000000000',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'to be or not', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 1,
        completion_tokens: 4,
        total_tokens: 5,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
      },
      slipway: { toy: true, note: expect.stringContaining('slipway models pull') },
    });
  });

  it('has the fingerprint of whoever made it, whole or in chunks, chat or text', async () => {
    const { models } = api.chat;
    const before = models.madeBy;
    const [digest, adapter] = ['7', '8'].map((of) => `sha256:${of.repeat(64)}`) as [string, string];
    models.madeBy = () => ({ slot: 'challenger', digest, adapter });
    const expected = 'fp_777777777777_888888888888';
    const text = { model: 'fake', prompt: 'hello' };
    for (const [path, body] of [
      ['/chat/completions', hello],
      ['/completions', text],
    ] as const) {
      const whole = (await (await api.post(path, body)).json()) as object;
      expect(whole).toMatchObject({ system_fingerprint: expected });
      const chunks = dataOf(await (await api.post(path, { ...body, stream: true })).text());
      const prints = chunks.filter((chunk) => chunk !== 'DONE') as { system_fingerprint: string }[];
      expect(new Set(prints.map((chunk) => chunk.system_fingerprint))).toEqual(new Set([expected]));
    }
    models.madeBy = before;
  });

  it('says nothing about toys where the model is none', async () => {
    api.chat.models.model.isToy = false;
    const answer = await api.post('/chat/completions', hello);
    expect(answer.headers.get('x-slipway-meta')).toBeNull();
    expect(await answer.json()).not.toHaveProperty('slipway');
    api.chat.models.model.isToy = true;
  });

  it('streams chunks of one id: role, texts, reason, usage, and the end', async () => {
    const options = { stream: true, stream_options: { include_usage: true } };
    const answer = await api.post('/chat/completions', { ...hello, ...options });
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const chunks = dataOf(await answer.text()) as Record<string, unknown>[];
    expect(chunks.at(-1)).toBe('DONE');
    const said = chunks.slice(0, -1);
    expect(new Set(said.map(({ id }) => id)).size).toBe(1);
    expect(new Set(said.map(({ object }) => object))).toEqual(new Set(['chat.completion.chunk']));
    const choice = (delta: object, finish_reason: string | null = null) => [
      { index: 0, delta, logprobs: null, finish_reason },
    ];
    expect(said.map(({ choices }) => choices)).toEqual([
      choice({ role: 'assistant', content: '', refusal: null }),
      ...['to', ' be', ' or', ' not'].map((content) => choice({ content })),
      choice({}, 'stop'),
      [],
    ]);
    expect(said.map(({ usage }) => usage)).toEqual([
      ...Array.from({ length: 6 }, () => null),
      expect.objectContaining({ prompt_tokens: 1, completion_tokens: 4, total_tokens: 5 }),
    ]);
  });

  it('has no usage in its chunks unless it was asked for', async () => {
    const answer = await api.post('/chat/completions', { ...hello, stream: true });
    for (const chunk of dataOf(await answer.text())) expect(chunk).not.toHaveProperty('usage');
  });

  it('hands every option on as the wish of any model', async () => {
    await api.post('/chat/completions', {
      model: 'fake',
      messages: [
        { role: 'developer', content: 'be short' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'nothing' },
      ],
      temperature: 0.2,
      top_p: 0.9,
      seed: 7,
      stop: 'END',
      max_tokens: 5,
      max_completion_tokens: 9,
      frequency_penalty: 0.5,
      presence_penalty: null,
      n: 1,
      tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'look' } },
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'x', schema: { type: 'object' } },
      },
      logprobs: true,
      top_logprobs: 2,
      prompt_cache_key: 'k',
      user: 'somebody',
      some_new_field: { of: 'OpenAI' },
    });
    expect(lastWish()).toEqual({
      id: expect.stringContaining('chatcmpl-'),
      model: 'fake',
      prompt: {
        messages: [
          { role: 'system', content: 'be short' },
          { role: 'user', content: 'ab' },
          {
            role: 'assistant',
            content: '',
            toolCalls: [{ id: 'c1', name: 'look', arguments: '{}' }],
          },
          { role: 'tool', content: 'nothing', toolCallId: 'c1' },
        ],
      },
      sampling: {
        temperature: 0.2,
        topP: 0.9,
        seed: 7,
        stop: ['END'],
        maxTokens: 9,
        frequencyPenalty: 0.5,
      },
      tools: [{ name: 'look', parameters: { type: 'object' } }],
      toolChoice: { name: 'look' },
      format: { kind: 'json', schema: { type: 'object' } },
      topLogprobs: 2,
      conversation: 'ada:k',
      owner: 'ada',
    });
  });

  it('takes the schemas of tools for hints unless they are strict', async () => {
    const tools = [true, false, null, undefined].map((strict, index) => ({
      type: 'function',
      function: {
        name: `look_${index}`,
        parameters: { type: 'object', properties: { a: { type: 'integer', minimum: 1 } } },
        ...(strict === undefined ? {} : { strict }),
      },
    }));
    expect((await api.post('/chat/completions', { ...hello, tools })).status).toBe(200);
    expect(lastWish().tools?.map(({ strict }) => strict)).toEqual([
      true,
      undefined,
      undefined,
      undefined,
    ]);
    const odd = [{ type: 'function', function: { name: 'look', strict: 'yes' } }];
    const refused = await api.post('/chat/completions', { ...hello, tools: odd });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: { param: expect.stringContaining('strict') },
    });
  });

  it('is answered at temperature 1 unless it says otherwise', async () => {
    await api.post('/chat/completions', hello);
    expect(lastWish().sampling).toEqual({ temperature: 1 });
  });
});

describe('an error', () => {
  it('before the first piece has its own number, also where a stream was asked for', async () => {
    api.chat.models.trouble = new ContextTooLong(9_000, 4_096);
    for (const stream of [false, true]) {
      const answer = await api.post('/chat/completions', { ...hello, stream });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({
        error: {
          message: expect.stringContaining('9000 tokens'),
          type: 'invalid_request_error',
          param: 'messages',
          code: 'context_length_exceeded',
        },
      });
    }
  });

  it('in the middle of a stream is said in the stream', async () => {
    api.chat.models.beforeWord = async (_wish, index) => {
      if (index === 2) throw new EngineLost('the engine died', 'Ask again.');
    };
    const answer = await api.post('/chat/completions', { ...hello, stream: true });
    const chunks = dataOf(await answer.text());
    expect(chunks.slice(-2)).toEqual([
      {
        error: {
          message: 'the engine died. Ask again.',
          type: 'server_error',
          param: null,
          code: 'engine_lost',
        },
      },
      'DONE',
    ]);
  });

  it('says the time to come back at where there is one', async () => {
    api.chat.models.trouble = new EngineLost('the engine died', 'Ask again.');
    const answer = await api.post('/chat/completions', hello);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
  });
});

describe('a request in flight', () => {
  const asked = async (init: RequestInit = {}) =>
    (
      await fetch(`${api.baseUrl}/requests`, {
        headers: { authorization: `Bearer ${api.token}` },
        ...init,
      })
    ).json() as Promise<{ data: { id: string; state: string }[] }>;

  it('is listed, and ended with what was made so far when somebody cancels it', async () => {
    const held = gate();
    api.chat.models.beforeWord = async (_wish, index) => {
      if (index === 2) await held.pass();
    };
    const answering = api.post('/chat/completions', hello);
    await held.reached;
    const [request] = (await asked()).data;
    expect(request).toMatchObject({ login: 'ada', via: 'openai', state: 'decode', model: 'fake' });
    const eve = await api.tokenOf('eve', ['chat']);
    const path = `/requests/${request?.id}/cancel`;
    const foreign = await api.post(path, {}, { authorization: `Bearer ${eve}` });
    expect(foreign.status).toBe(404);
    const cancelled = await api.post(path, {});
    expect(await cancelled.json()).toEqual({ id: request?.id, cancelled: true });
    held.open();
    expect(await (await answering).json()).toMatchObject({
      id: request?.id,
      choices: [{ message: { content: 'to be' }, finish_reason: 'stop' }],
      slipway: { toy: true, cancelled: true },
    });
    expect((await asked()).data).toEqual([]);
    expect((await api.post(path, {})).status).toBe(404);
  });

  it('ends when its client leaves, streaming or not', async () => {
    for (const stream of [false, true]) {
      const told = gate();
      api.chat.models.beforeAnswer = async (_wish, signal) => {
        signal.addEventListener('abort', () => told.open());
        await told.pass();
      };
      const leaving = new AbortController();
      const answering = fetch(`${api.baseUrl}/chat/completions`, {
        method: 'POST',
        signal: leaving.signal,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${api.token}` },
        body: JSON.stringify({ ...hello, stream }),
      });
      await told.reached;
      leaving.abort();
      await expect(answering).rejects.toThrow();
      await told.pass();
      while ((await asked()).data.length > 0);
      expect(api.chat.metrics.cancels.at(-1)?.state).toBe('prefill');
    }
  });
});
