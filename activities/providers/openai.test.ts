import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Piece, Wish } from '../../workflows/domain/chat.js';
import {
  ContextTooLong,
  EngineLost,
  ModelNotReady,
  ModelUnknown,
  WishRefused,
} from '../platform/model-errors.js';
import { RemoteModels, type RemoteOptions } from './openai.adapter.js';
import { chunk, OpenAiTestServer } from './testing.server.js';

const KEY = 'sk-very-secret';
let server: OpenAiTestServer;
let folder: string;
let models: RemoteModels;
beforeEach(async () => {
  server = await OpenAiTestServer.start();
  folder = await mkdtemp(join(tmpdir(), 'slipway-provider-'));
  await writeFile(join(folder, 'key'), `${KEY}\n`);
  models = remote();
});
afterEach(async () => {
  await models.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

const remote = (over: Partial<RemoteOptions> = {}) =>
  new RemoteModels({
    url: `${server.url}/v1`,
    keyFile: join(folder, 'key'),
    apiVersion: '',
    models: ['big'],
    contextTokens: 8_192,
    slots: 4,
    ...over,
    limits: { firstPauseMs: 1, longestPauseMs: 5, ...over.limits },
  });
const wish = (over: Partial<Wish> = {}): Wish => ({
  id: 'w-1',
  model: 'big',
  prompt: { messages: [{ role: 'user', content: 'hello there' }] },
  sampling: {},
  ...over,
});
const live = new AbortController().signal;

async function answer(over: Partial<Wish> = {}, signal = live): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const piece of models.generate(wish(over), signal)) pieces.push(piece);
  return pieces;
}
const textOf = (pieces: Piece[]) =>
  pieces.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('');
const trouble = (over?: Partial<Wish>): Promise<Error> =>
  answer(over).then(
    (pieces) => Promise.reject(new Error(`it answered ${JSON.stringify(pieces)}`)),
    (error: Error) => error,
  );

describe('an answer of another server', () => {
  it('comes in pieces, and says at its end what it cost', async () => {
    server.says('good morning to you');
    const pieces = await answer();
    expect(textOf(pieces)).toBe('good morning to you');
    const by = { slot: 'champion', digest: 'remote:big', adapter: null };
    expect(pieces[0]).toEqual({ kind: 'started', promptTokens: 7, cachedTokens: 0, by });
    const usage = { promptTokens: 11, cachedTokens: 3, completionTokens: 4 };
    expect(pieces.at(-1)).toEqual({ kind: 'done', reason: 'stop', usage });
    const [heard] = server.heard;
    expect([heard?.url, heard?.headers.authorization]).toEqual([
      '/v1/chat/completions',
      `Bearer ${KEY}`,
    ]);
    expect(heard?.body).toEqual({
      model: 'big',
      messages: [{ role: 'user', content: 'hello there' }],
      stream: true,
      stream_options: { include_usage: true },
      temperature: 1,
    });
  });

  it('is asked for with everything that was wished', async () => {
    server.says('{}');
    const schema = { type: 'object' };
    await answer({
      prompt: {
        messages: [
          { role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'f', arguments: '{}' }] },
          { role: 'tool', content: '42', toolCallId: 'c' },
        ],
      },
      begun: 'So',
      sampling: { temperature: 0, topP: 0.5, topK: 3, seed: 7, maxTokens: 9, stop: ['X'] },
      tools: [{ name: 'f', description: 'does it', strict: true }],
      owner: 'ada',
      toolChoice: { name: 'f' },
      format: { kind: 'json', schema },
      topLogprobs: 2,
    });
    expect(server.heard[0]?.body).toMatchObject({
      ...{ temperature: 0, top_p: 0.5, top_k: 3, seed: 7, max_tokens: 9, stop: ['X'] },
      ...{ logprobs: true, top_logprobs: 2 },
      messages: [
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', content: '42', tool_call_id: 'c' },
        { role: 'assistant', content: 'So' },
      ],
      tools: [
        {
          type: 'function',
          function: {
            name: 'f',
            description: 'does it',
            strict: true,
            parameters: { type: 'object', properties: {} },
          },
        },
      ],
      tool_choice: { type: 'function', function: { name: 'f' } },
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', strict: true, schema },
      },
    });
  });

  it('may be a text that goes on, with the probabilities of its tokens', async () => {
    const logprobs = {
      tokens: [' a'],
      token_logprobs: [-0.5],
      top_logprobs: [{ ' a': -0.5, ' b': -1 }],
    };
    server.events = [{ choices: [{ text: ' a', logprobs, finish_reason: 'length' }] }, '[DONE]'];
    const pieces = await answer({ prompt: { text: 'once upon' }, topLogprobs: 2 });
    expect(server.heard[0]).toMatchObject({
      url: '/v1/completions',
      body: { prompt: 'once upon', logprobs: 2 },
    });
    const top = [
      { text: ' a', logprob: -0.5 },
      { text: ' b', logprob: -1 },
    ];
    expect(pieces[1]).toEqual({
      kind: 'text',
      text: ' a',
      tokens: 1,
      logprobs: [{ text: ' a', logprob: -0.5, top }],
    });
    expect(pieces.at(-1)).toMatchObject({ reason: 'length', usage: { completionTokens: 1 } });
  });

  it('may be calls, which come in parts', async () => {
    const part = (index: number, said: object, id?: string) =>
      chunk({ tool_calls: [{ index, ...(id ? { id } : {}), function: said }] });
    server.events = [
      part(0, { name: 'add', arguments: '' }, 'call-a'),
      part(0, { arguments: '{"a":' }),
      part(1, { name: 'sub', arguments: '{}' }),
      part(0, { arguments: '1}' }),
      chunk({}, { finish_reason: 'tool_calls' }),
      '[DONE]',
    ];
    const pieces = await answer({ tools: [{ name: 'add' }, { name: 'sub' }] });
    expect(pieces.slice(1)).toMatchObject([
      {
        kind: 'toolCalls',
        calls: [
          { id: 'call-a', name: 'add', arguments: '{"a":1}' },
          { id: 'call_1', name: 'sub', arguments: '{}' },
        ],
      },
      { kind: 'done', reason: 'toolCalls' },
    ]);
  });

  it('holds whole characters only', async () => {
    const [high, low] = ['\ud83d', '\ude00'];
    server.events = [
      chunk({ content: `a${high}` }),
      chunk({ content: `${low}b` }),
      chunk({}, { finish_reason: 'stop' }),
      '[DONE]',
    ];
    const pieces = await answer();
    expect(pieces.slice(1, 3)).toMatchObject([{ text: 'a' }, { text: '😀b' }]);
  });

  it('ends when nobody wants it any more, and the server hears of it', async () => {
    server.events = [chunk({ content: 'one' }), 'hang'];
    const stop = new AbortController();
    const pieces: Piece[] = [];
    for await (const piece of models.generate(wish(), stop.signal)) {
      pieces.push(piece);
      if (piece.kind === 'text') stop.abort();
    }
    expect(pieces.at(-1)).toMatchObject({ kind: 'done', reason: 'cancelled' });
    await until(() => server.heard[0]?.isCut === true);
    expect(models.load('big').busy).toBe(0);
    const early = await answer({}, stop.signal);
    expect(early).toMatchObject([{ kind: 'done', reason: 'cancelled' }]);
  });
});

describe('a server in trouble', () => {
  it('is asked again before anything was said, and never after', async () => {
    server.says('hello');
    server.refusals = [{ status: 503 }];
    server.cuts = 1;
    expect(textOf(await answer())).toBe('hello');
    expect(server.heard).toHaveLength(3);
    server.events = [chunk({ content: 'half' }), 'break'];
    const error = await trouble();
    expect(error).toBeInstanceOf(EngineLost);
    expect(server.heard).toHaveLength(4);
  });

  it('that hangs, gives up, or says nonsense in the middle is lost', async () => {
    models = remote({ limits: { idleMs: 50 } });
    const endings = ['hang', { error: { message: 'overloaded' } }, '{"choices": 3}', 'no json'];
    for (const ending of endings) {
      server.events = [chunk({ content: 'half' }), ending];
      expect([ending, await trouble()]).toEqual([ending, expect.any(EngineLost)]);
    }
  });

  it('is left alone for a while when it failed five times in a row', async () => {
    models = remote({ limits: { retries: 0 } });
    server.refusals = Array.from({ length: 6 }, () => ({ status: 500 }));
    for (let times = 0; times < 5; times++) expect(await trouble()).toBeInstanceOf(EngineLost);
    const error = await trouble();
    expect([error, server.heard.length]).toEqual([expect.any(EngineLost), 5]);
    expect(error.message).toContain('failed several times in a row');
    expect(models.engines()).toMatchObject([{ device: 'remote', state: 'failed' }]);
  });

  it('that asks for patience is not asked at once', async () => {
    server.refusals = [{ status: 429, headers: { 'retry-after': '3600' } }];
    const error = await trouble();
    expect([error, server.heard.length]).toEqual([expect.any(EngineLost), 1]);
  });

  it.each<[string, number, unknown, new (...args: never[]) => Error]>([
    [
      'refuses the wish',
      400,
      { error: { message: 'bad tools', code: null, param: 'tools' } },
      WishRefused,
    ],
    ['has no room for the prompt', 400, tooLong(), ContextTooLong],
    ['does not know the model', 404, { error: 'model "big" not found' }, ModelUnknown],
    [
      'does not let us in',
      401,
      { error: { message: `bad key ${KEY}`, code: 1, param: 1 } },
      ModelNotReady,
    ],
    ['sends us elsewhere', 302, {}, ModelNotReady],
  ])('is not asked again when it %s', async (_what, status, body, kind) => {
    server.refusals = [{ status, body, headers: { location: 'http://elsewhere.example' } }];
    const error = await trouble();
    expect(error).toBeInstanceOf(kind);
    expect(server.heard).toHaveLength(1);
  });

  it('tells nobody our key, whatever it says', async () => {
    const body = { error: { message: `you sent ${KEY}`, code: null, param: null } };
    server.refusals = [
      { status: 400, body },
      ...Array.from({ length: 3 }, () => ({ status: 500, body })),
    ];
    for (const error of [await trouble(), await trouble()]) {
      expect(error.message).toContain('you sent [hidden]');
      expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain(KEY);
    }
  });

  it('says how long a context is', async () => {
    server.refusals = [{ status: 400, body: tooLong() }];
    expect(await trouble()).toMatchObject({ contextTokens: 8_192, promptTokens: 9_000 });
  });

  it('may know another name for the limit of an answer, and is asked by that one from then on', async () => {
    server.says('short');
    const said = { message: 'use max_completion_tokens', code: 'unsupported', param: 'max_tokens' };
    server.refusals = [{ status: 400, body: { error: said } }];
    await answer({ sampling: { maxTokens: 5 } });
    await answer({ sampling: { maxTokens: 5 } });
    expect(
      server.heard.map(({ body }) => Object.keys(body).filter((name) => name.startsWith('max'))),
    ).toEqual([['max_tokens'], ['max_completion_tokens'], ['max_completion_tokens']]);
  });
});

describe('what is served by another server', () => {
  it('is what it has, or what is wanted of it', async () => {
    server.documents['/v1/models'] = {
      data: [{ id: 'big', max_model_len: 4_096 }, { id: 'small' }],
    };
    models = remote({ models: [] });
    expect(models.served()).toEqual([]);
    await models.follow();
    expect(models.served()).toMatchObject([
      { name: 'big', digest: 'remote:big', contextTokens: 4_096, isToy: false, state: 'ready' },
      { name: 'small', contextTokens: 8_192 },
    ]);
    expect(models.served()[0]?.provider).toBe(new URL(server.url).host);
    models = remote({ models: ['small'] });
    expect(models.served()).toMatchObject([{ name: 'small', state: 'loading' }]);
    await models.follow();
    expect(models.served()).toMatchObject([{ name: 'small', state: 'ready' }]);
    await expect(answer()).rejects.toBeInstanceOf(ModelUnknown);
  });

  it('needs no list where it is known by name', async () => {
    server.refusals = [{ status: 404 }, { status: 404 }];
    await models.follow();
    expect(models.served()).toMatchObject([{ name: 'big', state: 'ready' }]);
    const unknown = remote({ models: [] });
    await expect(unknown.follow()).rejects.toBeInstanceOf(ModelNotReady);
    await unknown.looked();
  });

  it('is said to be away, and why', async () => {
    server.refusals = [{ status: 401 }];
    await expect(models.follow()).rejects.toBeInstanceOf(ModelNotReady);
    expect(models.served()).toMatchObject([{ state: 'failed' }]);
    expect(models.engines()[0]?.reason).toContain('does not let us in');
  });

  it('has vectors of texts', async () => {
    server.documents['/v1/embeddings'] = {
      data: [
        { index: 1, embedding: [2] },
        { index: 0, embedding: [1] },
      ],
      usage: { prompt_tokens: 5 },
    };
    const embedded = await models.embed({ model: 'big', texts: ['a', 'b'] }, live);
    expect(embedded).toEqual({ vectors: [[1], [2]], promptTokens: 5 });
  });

  it('counts about, and measures its pace', async () => {
    expect(await models.count(wish())).toBe(7);
    expect(models.load('big')).toMatchObject({ slots: 4, busy: 0, decodePerSecond: undefined });
    server.says('a b c d e f g h i j');
    await answer();
    expect(models.load('big').answerTokens).toBe(10);
    expect(models.load('big').decodePerSecond).toBeGreaterThan(0);
  });
});

describe('Azure', () => {
  it.each([
    ['', '/openai/deployments/big/chat/completions?api-version=2024-10-21'],
    ['/openai/', '/openai/deployments/big/chat/completions?api-version=2024-10-21'],
    ['/models', '/models/chat/completions?api-version=2024-10-21'],
  ])('is asked at its own addresses, with its own header: %s', async (path, asked) => {
    models = remote({ url: `${server.url}${path}`, apiVersion: '2024-10-21' });
    server.says('hello');
    await answer();
    const [heard] = server.heard;
    expect([heard?.url, heard?.headers['api-key'], heard?.headers.authorization]).toEqual([
      asked,
      KEY,
      undefined,
    ]);
  });
});

function tooLong(): object {
  const message = "This model's maximum context length is 8192 tokens; you asked for 9000 tokens.";
  return { error: { message, code: 'context_length_exceeded', param: 'messages' } };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
