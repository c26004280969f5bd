import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OpenAiError } from '../client/wire.openai.js';
import { AuthFailures } from '../platform/failures.js';
import { hello, type OpenAiApi, startOpenAi } from './testing.js';

// What no client sends: every refusal is in OpenAI's shape, says what is wrong, and costs little.

let api: OpenAiApi;
beforeAll(async () => {
  api = await startOpenAi();
});
afterAll(() => api.close());
beforeEach(() => api.app.get(AuthFailures).clear());

const tool = (index: number) => ({ type: 'function', function: { name: `t${index}` } });
const user = (content: unknown) => ({ ...hello, messages: [{ role: 'user', content }] });
const many = <T>(count: number, of: (index: number) => T) =>
  Array.from({ length: count }, (_none, index) => of(index));
function deep(levels: number): object {
  let schema: object = { type: 'string' };
  for (let level = 0; level < levels; level++) schema = { properties: { a: schema } };
  return schema;
}

async function refusal(path: string, body: unknown, headers?: Record<string, string>) {
  const answer = await api.post(path, body, headers);
  const { error } = OpenAiError.parse(await answer.json());
  expect(answer.headers.get('x-request-id')).toBeTruthy();
  return { status: answer.status, ...error };
}

describe('a conversation is refused', () => {
  const image = { type: 'image_url', image_url: { url: 'https://example.org/x.png' } };
  it.each<[string, unknown, string | null, RegExp]>([
    ['with 10,000 tools', { ...hello, tools: many(10_000, tool) }, 'tools', /at most 128 items/],
    [
      'with 3,000 messages',
      { ...hello, messages: many(3_000, () => hello.messages[0]) },
      'messages',
      /at most 2000/,
    ],
    [
      'with a million wrong messages',
      { ...hello, messages: many(1_000_000, () => 1) },
      'messages',
      /at most 2000/,
    ],
    ['with no messages', { ...hello, messages: [] }, 'messages', /must not be empty/],
    ['without messages', { model: 'fake' }, 'messages', /is missing/],
    [
      'with an image',
      user([{ type: 'text', text: 'see' }, image]),
      'messages[0].content[1].type',
      /only texts are read, not "image_url"/,
    ],
    ['with a number as text', user(7), 'messages[0].content', /must be a text, or a list of parts/],
    ['with no text', user(null), 'messages[0].content', /is missing/],
    [
      'of somebody else',
      { ...hello, messages: [{ role: 'root', content: 'x' }] },
      'messages[0].role',
      /must be one of/,
    ],
    [
      'with an answer to no call',
      { ...hello, messages: [{ role: 'tool', content: 'x' }] },
      'messages[0].tool_call_id',
      /is missing/,
    ],
    ['that is too hot', { ...hello, temperature: 3 }, 'temperature', /at most 2/],
    ['that is hot in words', { ...hello, temperature: 'hot' }, 'temperature', /must be a number/],
    ['for several answers', { ...hello, n: 2 }, 'n', /must be 1/],
    ['for no tokens', { ...hello, max_tokens: 0 }, 'max_tokens', /at least 1/],
    ['with 17 stops', { ...hello, stop: many(17, String) }, 'stop', /at most 16 texts/],
    [
      'with 30 alternatives',
      { ...hello, logprobs: true, top_logprobs: 30 },
      'top_logprobs',
      /at most 20/,
    ],
    [
      'with alternatives of nothing',
      { ...hello, top_logprobs: 3 },
      'top_logprobs',
      /where logprobs is true/,
    ],
    [
      'with stream options and no stream',
      { ...hello, stream_options: {} },
      'stream_options',
      /where stream is true/,
    ],
    [
      'with a choice of no tool',
      { ...hello, tool_choice: 'required' },
      'tool_choice',
      /together with tools/,
    ],
    [
      'with a choice of another tool',
      { ...hello, tools: [tool(1)], tool_choice: tool(2) },
      'tool_choice',
      /names "t2"/,
    ],
    [
      'with two tools of one name',
      { ...hello, tools: [tool(1), tool(1)] },
      'tools',
      /names of their own/,
    ],
    ['with tools of old', { ...hello, functions: [] }, 'functions', /use tools instead/],
    ['with a bias', { ...hello, logit_bias: { '50256': -100 } }, 'logit_bias', /not supported/],
    [
      'with a schema without a schema',
      { ...hello, response_format: { type: 'json_schema' } },
      'response_format',
      /must have json_schema/,
    ],
    [
      'with a very deep schema',
      { ...hello, tools: [{ type: 'function', function: { name: 'x', parameters: deep(50) } }] },
      'tools[0].function.parameters',
      /at most 32 levels/,
    ],
    [
      'with a huge schema',
      {
        ...hello,
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'x', schema: { enum: many(20_000, String) } },
        },
      },
      'response_format.json_schema.schema',
      /10000 values/,
    ],
    ['that is a list', [], null, /must be an object/],
  ])('%s', async (_name, body, param, words) => {
    expect(await refusal('/chat/completions', body)).toEqual({
      status: 400,
      type: 'invalid_request_error',
      code: 'invalid_value',
      param,
      message: expect.stringMatching(words),
    });
  });

  it('when it is no JSON, no text, no JSON by name, or larger than 4 MiB', async () => {
    const path = '/chat/completions';
    expect(await refusal(path, '{"model":')).toMatchObject({ status: 400, code: 'malformed' });
    expect(await refusal(path, '')).toMatchObject({ status: 400 });
    const proto = '{"__proto__": {"model": "fake"}}';
    expect(await refusal(path, proto)).toMatchObject({ status: 400 });
    const bytes = Buffer.concat([
      Buffer.from('{"model":"fake","messages":[{"role":"user","content":"'),
      Buffer.from([0xff, 0xfe, 0xc0]),
      Buffer.from('"}]}'),
    ]);
    expect(await refusal(path, bytes)).toMatchObject({
      status: 400,
      message: expect.stringContaining('must be UTF-8'),
    });
    const xml = { 'content-type': 'application/xml' };
    expect(await refusal(path, '<x/>', xml)).toMatchObject({ status: 415 });
    const large = JSON.stringify(user('a'.repeat(4_194_304)));
    expect(await refusal(path, large)).toMatchObject({ status: 413, code: 'too_large' });
  });

  it('with a schema of 200,000 levels, which is looked at without climbing down', async () => {
    const levels = `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`;
    const text = JSON.stringify({
      ...hello,
      tools: [{ type: 'function', function: { name: 'x', parameters: { a: 'HERE' } } }],
    });
    expect(await refusal('/chat/completions', text.replace('"HERE"', levels))).toMatchObject({
      status: 400,
      param: 'tools[0].function.parameters',
    });
  });

  it('by nobody whom it does not know, before its body is read', async () => {
    const stranger = { authorization: 'Bearer slp_x' };
    expect(await refusal('/chat/completions', '{', stranger)).toMatchObject({
      status: 401,
      type: 'authentication_error',
      code: 'invalid_api_key',
    });
  });
});

describe('a conversation is taken', () => {
  it('with 3 MiB of text, nulls everywhere, half characters and fields that nobody knows', async () => {
    const nulls = Object.fromEntries(
      [
        'stream',
        'stream_options',
        'temperature',
        'top_p',
        'seed',
        'max_tokens',
        'stop',
        'n',
        'user',
      ]
        .concat([
          'tools',
          'tool_choice',
          'response_format',
          'logprobs',
          'top_logprobs',
          'logit_bias',
        ])
        .map((name) => [name, null]),
    );
    const content = `${'a '.repeat(1_500_000)}\ud800`;
    const answer = await api.post('/chat/completions', { ...user(content), ...nulls, zzz: [1] });
    expect(answer.status).toBe(200);
    await answer.text();
    const { prompt } = api.chat.models.wishes.at(-1)!;
    expect(JSON.stringify(prompt)).not.toContain('\\ud800');
  });
});

describe('other requests are refused', () => {
  it.each<[string, string, unknown, [number, RegExp]]>([
    [
      'tokens instead of texts',
      '/embeddings',
      { model: 'fake', input: [1, 2] },
      [400, /tokens are not taken/],
    ],
    [
      'lists of tokens',
      '/embeddings',
      { model: 'fake', input: [[1, 2]] },
      [400, /tokens are not taken/],
    ],
    ['no text', '/embeddings', { model: 'fake', input: '' }, [400, /must not be empty/]],
    [
      '300 texts',
      '/embeddings',
      { model: 'fake', input: many(300, String) },
      [400, /1 to 256 texts/],
    ],
    [
      'shorter vectors',
      '/embeddings',
      { model: 'fake', input: 'x', dimensions: 3 },
      [400, /not supported/],
    ],
    ['vectors of nobody', '/embeddings', { model: 'none', input: 'x' }, [404, /no model "none"/]],
    [
      'tokens to go on from',
      '/completions',
      { model: 'fake', prompt: [1] },
      [400, /must be one text/],
    ],
    [
      'several texts to go on from',
      '/completions',
      { model: 'fake', prompt: ['a', 'b'] },
      [400, /must be one text/],
    ],
    [
      'a text to end with',
      '/completions',
      { model: 'fake', prompt: 'a', suffix: 'b' },
      [400, /not supported/],
    ],
    ['an address that is not there', '/images/generations', {}, [404, /there is nothing at/]],
    ['a method that is not offered', '/models', {}, [405, /POST is not offered/]],
    ['a cancel of nothing', '/requests/chatcmpl-1/cancel', {}, [404, /no request/]],
  ])('%s', async (_name, path, body, [status, words]) => {
    const refused = await refusal(path, body);
    expect(refused).toMatchObject({ status, type: 'invalid_request_error' });
    expect(refused.message).toMatch(words);
  });
});
