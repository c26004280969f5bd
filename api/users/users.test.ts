import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashOf, newToken } from '../platform/auth.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { openShop } from '../platform/testing/world.js';
import { admitFirstAdmin } from './first-admin.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await openShop(api);
});
afterAll(() => api.close());

const post = (path: string, body: object, token = api.admin) =>
  api.ask(`/api/v1/${path}`, { method: 'POST', body, token });

describe('tokens', () => {
  it('are shown once, and kept as a hash only', async () => {
    const { status, json } = await post('tokens', { name: 'laptop', scopes: ['read'] });
    expect([status, json.token]).toEqual([201, expect.stringMatching(/^slp_[\w-]{43}$/)]);
    const list = await api.ask('/api/v1/tokens');
    expect(list.text).not.toContain(json.token);
    const rows = await api.postgres.sql<{ row: string }>('SELECT t::text AS row FROM tokens t');
    expect(JSON.stringify(rows)).not.toContain(json.token.slice(4));
    expect((await api.ask('/api/v1/me', { token: json.token })).json.scopes).toEqual(['read']);
    expect((await api.ask('/api/v1/audit')).text).not.toContain(json.token);
  });

  it('never may more, or live longer, than the one that made them', async () => {
    const token = newToken();
    await api.store.users.put({ login: 'ada', teams: [], disabled: false });
    const expiresAt = new Date(Date.now() + 60_000);
    await api.store.users.addToken({
      login: 'ada',
      name: 'short',
      hash: hashOf(token),
      scopes: ['read'],
      expiresAt,
    });
    expect((await post('tokens', { name: 'more', scopes: ['push'] }, token)).status).toBe(403);
    const { json } = await post(
      'tokens',
      { name: 'long', scopes: ['read'], expiresInDays: 9 },
      token,
    );
    expect(json.expiresAt).toBe(expiresAt.toISOString());
    const other = { login: 'admin', name: 'theft', scopes: ['read'] };
    expect((await post('tokens', other, token)).status).toBe(403);
  });

  it('of others are an admin’s business', async () => {
    const token = await api.tokenOf('bob', ['read']);
    const own = (await api.ask('/api/v1/tokens', { token })).json;
    expect(own.items.map((t: { login: string }) => t.login)).toEqual(['bob']);
    expect((await api.ask('/api/v1/tokens?login=admin', { token })).status).toBe(403);
    const admins = (await api.ask('/api/v1/tokens?login=admin')).json.items[0];
    const path = `/api/v1/tokens/${admins.id}`;
    expect((await api.ask(path, { method: 'DELETE', token })).status).toBe(404);
    const revoked = await api.ask(`/api/v1/tokens/${own.items[0].id}`, { method: 'DELETE' });
    expect(revoked.status).toBe(204);
    expect((await api.ask('/api/v1/me', { token })).status).toBe(401);
  });
});

describe('users', () => {
  it('are created, changed and disabled by an admin', async () => {
    expect((await post('users', { login: 'eve', teams: ['web'] })).status).toBe(201);
    expect((await post('users', { login: 'eve' })).json.type).toContain('user-exists');
    const patch = (login: string, body: object) =>
      api.ask(`/api/v1/users/${login}`, { method: 'PATCH', body });
    expect((await patch('eve', { disabled: true })).json).toEqual({
      login: 'eve',
      teams: ['web'],
      disabled: true,
    });
    expect((await patch('nobody', { teams: [] })).status).toBe(404);
    expect((await patch('admin', { disabled: true })).json.type).toContain('yourself');
  });

  it('who are no admins see and change none', async () => {
    const token = await api.tokenOf('kim', ['read', 'run', 'push', 'approve']);
    for (const path of ['users', 'audit']) {
      expect((await api.ask(`/api/v1/${path}`, { token })).status).toBe(403);
    }
    expect((await post('users', { login: 'x' }, token)).status).toBe(403);
  });
});

describe('repositories', () => {
  it('are created empty by an admin, once, and never under our own name', async () => {
    const { status, json } = await post('repositories', { name: 'web' });
    expect([status, json.gitUrl]).toEqual([201, 'http://127.0.0.1:7800/git/web.git']);
    expect((await post('repositories', { name: 'web' })).status).toBe(409);
    expect((await post('repositories', { name: 'gitops' })).status).toBe(409);
    expect((await post('repositories', { name: 'No Name' })).json.errors[0].field).toBe('name');
    const { items } = (await api.ask('/api/v1/repositories')).json;
    expect(items.map((r: { name: string }) => r.name)).toEqual(['shop', 'web']);
  });
});

describe('the first admin', () => {
  it('comes in with the token of the stack, also the second time', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-token-'));
    const token = newToken();
    await writeFile(join(folder, 'token'), `${token}\n`);
    try {
      await admitFirstAdmin(api.store.users, join(folder, 'token'));
      await admitFirstAdmin(api.store.users, join(folder, 'token'));
    } finally {
      await rm(folder, { recursive: true });
    }
    const { json } = await api.ask('/api/v1/me', { token });
    expect(json).toMatchObject({ login: 'admin', scopes: expect.arrayContaining(['admin']) });
  });

  it('is not begun with a text that could let nobody in, which is not shown', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-token-'));
    await writeFile(join(folder, 'token'), 'made-up-secret');
    const admitted = admitFirstAdmin(api.store.users, join(folder, 'token'));
    await expect(admitted).rejects.toThrow(
      /^the file of SLIPWAY_ADMIN_TOKEN_FILE holds no token: (?!.*made-up)/,
    );
    await rm(folder, { recursive: true });
  });
});
