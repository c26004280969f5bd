import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SlipwayError } from '../../activities/platform/errors.js';
import type { ModelRow } from '../../activities/store/store.ports.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(() => {
  api.chat.library.kept.length = 0;
  api.chat.library.wishes.length = 0;
  api.chat.library.trouble = undefined;
});

const MODELS = '/api/v1/models';
const post = (path: string, body: object, token = api.admin) =>
  api.ask(`${MODELS}/${path}`, { method: 'POST', body, token });
const remove = (path: string) => api.ask(`${MODELS}/${path}`, { method: 'DELETE' });
const lastAudit = async () => (await api.ask('/api/v1/audit')).json.items[0];

let files = 0;
async function stored(name: string, over: Partial<ModelRow> = {}): Promise<string> {
  const digest = `sha256:${(++files).toString(16).padStart(64, '0')}`;
  const metadata = {
    architecture: 'llama',
    contextTokens: 512,
    parameters: 24,
    quantisation: 'F16',
    hasChatTemplate: true,
  };
  const row = { name, digest, bytes: 10, source: 'file:a.gguf', kind: 'base', metadata } as const;
  await api.store.chat.models.put({ ...row, createdBy: 'ada', ...over });
  return digest;
}

class Trouble extends SlipwayError {
  constructor(override readonly code: string) {
    super('no', 'Do something.');
  }
}

describe('models', () => {
  it('are listed and shown with what their files say', async () => {
    const digest = await stored('org/small:q4');
    const { status, json } = await api.ask(`${MODELS}/${encodeURIComponent('org/small:q4')}`);
    expect([status, json]).toEqual([
      200,
      {
        name: 'org/small:q4',
        digest,
        bytes: 10,
        source: 'file:a.gguf',
        kind: 'base',
        architecture: 'llama',
        contextTokens: 512,
        parameters: 24,
        quantisation: 'F16',
        hasChatTemplate: true,
        servedAs: [],
        createdBy: 'ada',
        createdAt: expect.any(String),
      },
    ]);
    const list = await api.ask(MODELS);
    expect(list.json.items).toContainEqual(json);
    expect((await api.ask(`${MODELS}/none`)).status).toBe(404);
  });

  it('are changed by admins only', async () => {
    const token = await api.tokenOf('ada', ['read', 'push', 'run', 'approve', 'chat']);
    expect((await api.ask(MODELS, { token })).status).toBe(200);
    for (const [path, body] of [
      ['pulls', { source: 'hf:a/b:c.gguf' }],
      ['uploads', { name: 'a', file: 'a.gguf', sha256: 'a'.repeat(64), bytes: 1 }],
      ['serve', { name: 'a', model: 'a' }],
    ] as const) {
      expect([path, (await post(path, body, token)).status]).toEqual([path, 403]);
    }
  });

  it('are removed when nothing serves them', async () => {
    await stored('old');
    await post('serve', { name: 'of-old', model: 'old' });
    const used = await remove('old');
    expect([used.status, used.json.type]).toEqual([409, 'urn:slipway:problem:model-used']);
    expect((await remove('servings/of-old')).status).toBe(204);
    expect([(await remove('old')).status, (await remove('old')).status]).toEqual([204, 404]);
    expect(await lastAudit()).toMatchObject({ action: 'model.remove', subject: 'model/old' });
  });
});

describe('a pull', () => {
  it('is begun, followed and given up', async () => {
    const begun = await post('pulls', { source: 'hf:org/small:small.gguf', name: 'small' });
    expect([begun.status, begun.json]).toMatchObject([202, { state: 'fetching', by: 'admin' }]);
    const path = `pulls/${begun.json.id}`;
    expect((await api.ask(`${MODELS}/${path}`)).json).toEqual(begun.json);
    expect((await api.ask(`${MODELS}/pulls`)).json.items).toEqual([begun.json]);
    expect([(await remove(path)).status, (await remove(path)).status]).toEqual([204, 404]);
    expect(await lastAudit()).toMatchObject({
      action: 'model.pull.discard',
      subject: 'model/small',
    });
  });

  it('leaves no credential in the audit log', async () => {
    const source = 'https://ada:s3cret@models.example/a.gguf?signature=s3cret#s3cret';
    await post('pulls', { source });
    const line = await lastAudit();
    expect(line).toMatchObject({
      action: 'model.pull',
      detail: { source: 'https://models.example/a.gguf' },
    });
    expect(JSON.stringify(line)).not.toContain('s3cret');
    expect(api.logged.join()).not.toContain('s3cret');
  });

  it.each([
    ['bad-source', 400, 'bad-input'],
    ['too-many-pulls', 409, 'too-many-pulls'],
    ['pull-elsewhere', 409, 'pull-elsewhere'],
    ['model-name-taken', 409, 'model-name-taken'],
    ['disk-full', 409, 'disk-full'],
  ])('is refused with the library’s words: %s', async (code, status, type) => {
    api.chat.library.trouble = new Trouble(code);
    const { json } = await post('pulls', { source: 'hf:a/b:c.gguf' });
    expect(json).toMatchObject({ status, type: `urn:slipway:problem:${type}` });
  });

  it.each([
    ['no source', {}],
    ['a checksum that is none', { source: 'hf:a/b:c.gguf', sha256: 'abc' }],
    ['a name that is an address', { source: 'hf:a/b:c.gguf', name: 'servings' }],
    ['a name with spaces', { source: 'hf:a/b:c.gguf', name: 'a b' }],
    ['an unknown field', { source: 'hf:a/b:c.gguf', token: 'x' }],
  ])('is refused with %s', async (_what, body) => {
    expect((await post('pulls', body)).status).toBe(400);
    expect(api.chat.library.wishes).toEqual([]);
  });
});

describe('an upload', () => {
  const wish = { name: 'mine', file: 'mine.gguf', sha256: 'A'.repeat(64), bytes: 6 };
  const send = (url: string, bytes: Buffer, type = 'application/octet-stream') =>
    api.fastify.inject({
      method: 'PUT',
      url,
      headers: { authorization: `Bearer ${api.admin}`, 'content-type': type },
      payload: bytes,
    });

  it('is announced, and sent in pieces of bytes', async () => {
    const { json } = await post('uploads', wish);
    expect(api.chat.library.wishes).toEqual([{ ...wish, sha256: 'a'.repeat(64) }]);
    const url = `${MODELS}/uploads/${json.id}`;
    expect((await send(`${url}?offset=0`, Buffer.from('abcd'))).json().bytes).toBe(4);
    expect((await send(`${url}?offset=4`, Buffer.from('ef'))).json().state).toBe('done');
  });

  it('may be larger than any other body, and takes no other form', async () => {
    const { json } = await post('uploads', { ...wish, bytes: 3_000_000 });
    const url = `${MODELS}/uploads/${json.id}?offset=0`;
    expect((await send(url, Buffer.alloc(3_000_000))).json().state).toBe('done');
    expect((await send(url, Buffer.from('{}'), 'application/json')).statusCode).toBe(415);
    expect(
      (await send(`${MODELS}/uploads/${'f'.repeat(32)}?offset=0`, Buffer.of(1))).statusCode,
    ).toBe(404);
    expect((await send(`${MODELS}/uploads/x?offset=0`, Buffer.of(1))).statusCode).toBe(400);
    const elsewhere = await api.fastify.inject({
      method: 'POST',
      url: `${MODELS}/pulls`,
      headers: { authorization: `Bearer ${api.admin}`, 'content-type': 'application/octet-stream' },
      payload: Buffer.of(1),
    });
    expect(elsewhere.statusCode).toBe(415);
  });
});

describe('serving', () => {
  it('puts a model behind a name, and says how far the engines are', async () => {
    const digest = await stored('small');
    const served = await post('serve', { name: 'default', model: 'small' });
    expect([served.status, served.json]).toEqual([
      200,
      {
        ...{ name: 'default', slot: 'champion', model: 'small', digest, share: 0 },
        ...{ adapter: null, adapterDigest: null, version: expect.any(Number) },
        ...{ state: 'absent', reason: null },
      },
    ]);
    expect(await lastAudit()).toMatchObject({ action: 'model.serve', subject: 'serving/default' });
    const { models } = api.chat;
    const before = models.model;
    models.model = { ...before, name: 'default', digest, state: 'loading' };
    models.states = [
      {
        ...{ model: 'default', state: 'starting', device: 'cpu', isFallback: false, restarts: 0 },
        ...{ memoryBytes: undefined, gpuMemoryBytes: undefined, heartbeatMs: undefined },
        serves: [{ model: 'default', slot: 'champion', digest, adapter: null }],
      },
    ];
    const { json } = await api.ask(`${MODELS}/servings`);
    Object.assign(models, { model: before, states: [] });
    expect(json.engines).toMatchObject([{ state: 'starting', serves: [{ slot: 'champion' }] }]);
    expect(json.items).toContainEqual({ ...served.json, state: 'loading' });
    expect(json.served).toEqual([expect.objectContaining({ name: 'default', isToy: true })]);
    expect((await api.ask(`${MODELS}/small`)).json.servedAs).toEqual(['default']);
  });

  it('takes a challenger beside a champion, and lets it go first', async () => {
    await stored('base');
    await stored('tuned', { kind: 'adapter' });
    const challenger = { name: 'duel', model: 'base', slot: 'challenger', share: 20 };
    expect((await post('serve', challenger)).json.type).toContain('no-champion');
    await post('serve', { name: 'duel', model: 'base' });
    const both = await post('serve', { ...challenger, adapter: 'tuned' });
    expect(both.json).toMatchObject({ slot: 'challenger', adapter: 'tuned', share: 20 });
    expect((await remove('servings/duel')).json.type).toContain('has-challenger');
    expect((await remove('servings/duel?slot=challenger')).status).toBe(204);
    expect([
      (await remove('servings/duel')).status,
      (await remove('servings/duel')).status,
    ]).toEqual([204, 404]);
  });

  it('refuses what cannot work', async () => {
    await stored('llama');
    await stored('lora', { kind: 'adapter' });
    await stored('foreign', { kind: 'adapter', metadata: { architecture: 'gemma3' } });
    const serve = async (wish: object) => {
      const { status, json } = await post('serve', { name: 'x', ...wish });
      return [status, json.type?.split(':').at(-1)];
    };
    expect(await serve({ model: 'none' })).toEqual([404, 'not-found']);
    expect(await serve({ model: 'lora' })).toEqual([409, 'not-a-base']);
    expect(await serve({ model: 'llama', adapter: 'llama' })).toEqual([409, 'not-an-adapter']);
    expect(await serve({ model: 'llama', adapter: 'foreign' })).toEqual([
      409,
      'adapter-does-not-fit',
    ]);
    expect(await serve({ model: 'llama', share: 101 })).toEqual([400, 'bad-input']);
  });

  it('is followed by the engines of this replica', async () => {
    const { models } = api.chat;
    const follow = models.follow.bind(models);
    const followed = new Promise<void>((resolve) => {
      models.follow = async () => resolve();
    });
    await stored('next');
    await post('serve', { name: 'next', model: 'next' });
    await followed;
    models.follow = follow;
  });

  it('is another server’s matter where that one answers, and so is pulling', async () => {
    const none = { memoryBytes: undefined, gpuMemoryBytes: undefined, heartbeatMs: undefined };
    const rest = { serves: [], isFallback: false, restarts: 0, ...none };
    await stored('ours');
    api.chat.models.states = [{ model: 'big', state: 'ready', device: 'remote', ...rest }];
    const upload = { name: 'mine', file: 'mine.gguf', sha256: 'a'.repeat(64), bytes: 6 };
    const refused = [
      await post('serve', { name: 'ours', model: 'ours' }),
      await post('pulls', { source: 'hf:org/small:small.gguf' }),
      await post('uploads', upload),
    ];
    api.chat.models.states = [];
    for (const { status, json } of refused) {
      expect([status, json.type]).toEqual([409, 'urn:slipway:problem:models-elsewhere']);
      expect(json.detail).toBe(refused[0]?.json.detail);
    }
    expect(api.chat.library.kept).toEqual([]);
    expect(await lastAudit()).toMatchObject({
      action: 'model.upload.refused',
      detail: { code: 'models-elsewhere' },
    });
  });
});
