import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SlipwayError } from '../../activities/platform/errors.js';
import { StoreUnavailable } from '../../activities/store/errors.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';

const VALUE = 'correct horse battery staple';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(() => {
  api.secrets.kept.length = 0;
  api.secrets.trouble = undefined;
});

const put = (body: object, token = api.admin) =>
  api.ask('/api/v1/secrets', { method: 'PUT', body, token });
const rotate = (token = api.admin) =>
  api.ask('/api/v1/secrets/rotation', { method: 'POST', body: {}, token });

class Trouble extends SlipwayError {
  constructor(override readonly code: string) {
    super('no', 'Do something.');
  }
}

describe('secrets', () => {
  it('are set, and seen by nobody afterwards', async () => {
    const body = { name: 'NPM_TOKEN', value: VALUE, repository: 'shop', branches: ['main'] };
    const set = await put(body);
    expect([set.status, set.json]).toEqual([
      200,
      {
        id: expect.any(String),
        name: 'NPM_TOKEN',
        repository: 'shop',
        branches: ['main'],
        stage: null,
        version: 1,
        keyId: 'k-1',
        updatedAt: expect.any(String),
        updatedBy: 'admin',
      },
    ]);
    const list = await api.ask('/api/v1/secrets?repository=shop');
    expect(list.json).toEqual({ items: [set.json], next: null });
    const audit = await api.ask('/api/v1/audit');
    expect(audit.json.items[0]).toMatchObject({
      by: 'admin',
      action: 'secret.set',
      subject: 'secret/NPM_TOKEN',
      detail: { repository: 'shop', branches: ['main'], stage: null },
    });
    for (const { text } of [set, list, audit]) expect(text).not.toContain('horse');
    expect(api.secrets.kept[0]?.value).toBe(VALUE);
    expect(api.logged.join()).not.toContain('horse');
  });

  it.each([
    ['a NUL character', { value: 'corr\0ect' }, 'no program can take it'],
    ['half a character', { value: 'corr\ud800ect' }, 'no text'],
    ['too few characters', { value: ' abc ' }, 'could not be hidden in logs'],
    ['too many bytes', { value: 'ü'.repeat(40_000) }, 'has 80000 bytes; at most 65536'],
    ['a name that is ours', { name: 'SLIPWAY_TOKEN' }, 'must not begin with SLIPWAY'],
    ['a name that every step has', { name: 'PATH' }, 'must not be a variable that shells'],
    ['a pattern that we do not know', { branches: ['[a-z]'] }, 'must be a pattern'],
  ])('refuse %s, and say nothing of the value', async (_what, over, why) => {
    const { status, json, text } = await put({ name: 'TOKEN', value: VALUE, ...over });
    expect([status, json.detail]).toEqual([400, expect.stringContaining(why)]);
    expect(text).not.toMatch(/horse|corr|abc/);
    expect(api.secrets.kept).toEqual([]);
  });

  it('are listed by every reader, and changed by admins only', async () => {
    const token = await api.tokenOf('ada', ['read', 'push', 'run', 'approve']);
    expect((await api.ask('/api/v1/secrets', { token })).status).toBe(200);
    expect((await put({ name: 'TOKEN', value: VALUE }, token)).status).toBe(403);
    expect((await rotate(token)).status).toBe(403);
    const { json } = await put({ name: 'TOKEN', value: VALUE });
    const path = `/api/v1/secrets/${json.id}`;
    expect((await api.ask(path, { method: 'DELETE', token })).status).toBe(403);
    expect(api.secrets.kept).toHaveLength(1);
  });

  it('are removed once', async () => {
    const { json } = await put({ name: 'TOKEN', value: VALUE });
    const remove = () => api.ask(`/api/v1/secrets/${json.id}`, { method: 'DELETE' });
    expect([(await remove()).status, (await remove()).status]).toEqual([204, 404]);
    const { json: audit } = await api.ask('/api/v1/audit');
    expect(audit.items[0]).toMatchObject({ action: 'secret.remove', subject: 'secret/TOKEN' });
    expect((await api.ask('/api/v1/secrets/x', { method: 'DELETE' })).status).toBe(400);
  });

  it('are wrapped anew on request', async () => {
    expect((await rotate()).json).toEqual({
      keyId: 'k-2',
      isNewKey: true,
      rewrapped: 0,
      hasMore: false,
      stuck: [],
    });
  });

  it.each([
    ['too-many-secrets', 409, 'too-many-secrets'],
    ['secrets-elsewhere', 409, 'secrets-elsewhere'],
    ['key-missing', 503, 'keys-unavailable'],
    ['key-unusable', 503, 'keys-unavailable'],
  ])('say what is wrong where they are kept: %s', async (code, status, type) => {
    api.secrets.trouble = new Trouble(code);
    const { json } = await put({ name: 'TOKEN', value: VALUE });
    expect(json).toMatchObject({
      status,
      type: `urn:slipway:problem:${type}`,
      help: 'Do something.',
    });
  });

  it('answer 503 while PostgreSQL is away', async () => {
    api.secrets.trouble = new StoreUnavailable(new Error('gone'));
    expect((await api.ask('/api/v1/secrets')).status).toBe(503);
  });
});
