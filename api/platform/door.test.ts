import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { HealthService } from '../health/health.service.js';
import { hashOf, newToken } from './auth.js';
import { TemporalUnavailable } from './errors.js';
import { startTestApi, type TestApi } from './testing/api.js';
import { openShop } from './testing/world.js';

// Who gets in, and what bad requests are told.

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await openShop(api);
});
afterAll(() => api.close());
afterEach(() => {
  api.workflows.trouble = undefined;
});

const problem = (code: string) => `urn:slipway:problem:${code}`;

describe('a token', () => {
  const addToken = async (change: { expiresAt?: Date }) => {
    const token = newToken();
    const row = await api.store.users.addToken({
      login: 'admin',
      name: 'one more',
      hash: hashOf(token),
      scopes: ['read'],
      expiresAt: change.expiresAt ?? null,
    });
    return { token, id: row.id };
  };

  it('lets its owner in, and says who that is', async () => {
    const token = await api.tokenOf('ada', ['read', 'run'], ['release-team']);
    const { status, json } = await api.ask('/api/v1/me', { token });
    expect(status).toBe(200);
    expect(json).toEqual({ login: 'ada', teams: ['release-team'], scopes: ['read', 'run'] });
  });

  it.each(['', 'nonsense', newToken()])('that is not known (%#) lets nobody in', async (token) => {
    const { status, json, headers } = await api.ask('/api/v1/runs', { token });
    expect([status, json.type]).toEqual([401, problem('unauthenticated')]);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(headers['www-authenticate']).toBe('Bearer realm="slipway"');
  });

  it('lets nobody in once it is revoked, expired, or its user disabled', async () => {
    const revoked = await addToken({});
    expect((await api.ask('/api/v1/me', { token: revoked.token })).status).toBe(200);
    await api.ask(`/api/v1/tokens/${revoked.id}`, { method: 'DELETE' });
    const expired = await addToken({ expiresAt: new Date(Date.now() - 1_000) });
    const token = await api.tokenOf('eve', ['read']);
    await api.ask('/api/v1/users/eve', { method: 'PATCH', body: { disabled: true } });
    for (const one of [revoked.token, expired.token, token]) {
      expect((await api.ask('/api/v1/me', { token: one })).status).toBe(401);
    }
  });

  it('without the scope is refused, and the scope named', async () => {
    const token = await api.tokenOf('bob', ['read']);
    const body = { repository: 'shop' };
    const { status, json } = await api.ask('/api/v1/runs', { method: 'POST', token, body });
    expect([status, json.type]).toEqual([403, problem('forbidden')]);
    expect(json.detail).toBe('the token of "bob" lacks the scope "run"');
    expect(api.workflows.started.size).toBe(0);
  });

  it('is asked for before a body is read', async () => {
    const body = 'x'.repeat(2_000_000);
    const asked = { method: 'POST', body, token: newToken() } as const;
    expect((await api.ask('/api/v1/runs', asked)).status).toBe(401);
  });
});

describe('a bad request', () => {
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    api.ask('/api/v1/runs', { method: 'POST', body, headers });

  it('is told every wrong field at once, unknown ones by name', async () => {
    const { status, json } = await post({ ref: 7, inputs: { a: 1 }, brunch: 'main' });
    expect([status, json.type]).toEqual([400, problem('bad-input')]);
    expect(json.errors.map((e: { field: string }) => e.field)).toEqual([
      'repository',
      'ref',
      'inputs.a',
      'brunch',
    ]);
    expect(json.help).toContain('/docs');
  });

  it('names unknown and wrong parameters too', async () => {
    const { status, json } = await api.ask('/api/v1/runs?limit=0&stat=failed');
    expect(status).toBe(400);
    const fields = json.errors.map((e: { field: string }) => e.field);
    expect(fields).toEqual(['limit', 'stat']);
  });

  it('with broken JSON, another media type or too much text is told so', async () => {
    const json = { 'content-type': 'application/json' };
    expect((await post('{"a":', json)).json).toMatchObject({
      status: 400,
      type: problem('malformed'),
    });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await post('a=1', form)).json).toMatchObject({
      status: 415,
      type: problem('media-type'),
    });
    const large = JSON.stringify({ repository: 'x'.repeat(1_100_000) });
    expect((await post(large, json)).json).toMatchObject({
      status: 413,
      type: problem('too-large'),
    });
  });

  it('may bring a pipeline of one MiB, but not of more than two', async () => {
    const lint = (chars: number) =>
      api.ask('/api/v1/pipelines/lint', { method: 'POST', body: { text: '#'.repeat(chars) } });
    expect((await lint(1_048_576)).status).toBe(200);
    expect((await lint(1_048_577)).status).toBe(400);
    expect((await lint(2_200_000)).status).toBe(413);
  });

  it('to an address that is not there, or with a method that it has not, is told which', async () => {
    const missing = await api.ask('/api/v1/jobs');
    expect(missing.json).toMatchObject({ status: 404, type: problem('no-route') });
    const wrong = await api.ask('/api/v1/runs/shop-1', { method: 'DELETE' });
    expect(wrong.json).toMatchObject({ status: 405, type: problem('method-not-allowed') });
    expect(wrong.headers['allow']).toBe('GET, HEAD');
    const named = await api.ask('/api/v1/secrets/rotation', { method: 'DELETE' });
    expect([named.status, named.headers['allow']]).toEqual([405, 'POST']);
    expect((await api.ask('/nowhere', { token: '' })).json).toMatchObject({ status: 404 });
  });

  it('with a cursor that nobody gave out is refused', async () => {
    expect((await api.ask('/api/v1/runs?cursor=abc')).json.type).toBe(problem('bad-cursor'));
  });
});

describe('every answer', () => {
  it('carries security headers, and the name of its request', async () => {
    const { headers } = await api.ask('/api/v1/me', { headers: { 'x-request-id': 'mine-1' } });
    expect(headers).toMatchObject({
      'x-request-id': 'mine-1',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    const odd = await api.ask('/health', { headers: { 'x-request-id': 'a b\u0007' } });
    expect(odd.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('hides a bug, logs it, and names the request', async () => {
    api.workflows.trouble = new Error('secret details');
    const asked = { method: 'POST', body: {}, headers: { 'x-request-id': 'bug-1' } } as const;
    const { status, text } = await api.ask('/api/v1/runs/shop-1/cancel', asked);
    expect(status).toBe(500);
    expect(text).toContain('bug-1');
    expect(text).not.toContain('secret');
    expect(api.logged).toContain('error: a request found a bug');
  });
});

describe('while a part is away', () => {
  it('health says which, and answers 503', async () => {
    api.workflows.trouble = new TemporalUnavailable(new Error('connection refused'));
    api.app.get(HealthService, { strict: false }).clear();
    for (const [path, said] of [
      ['/health', 'unhealthy'],
      ['/health/ready', 'unready'],
    ] as const) {
      const { status, json } = await api.ask(path, { token: '' });
      expect([status, json.status]).toEqual([503, said]);
      expect(json.services.database.status).toBe('healthy');
      expect(json.services.temporal.message).toContain('TEMPORAL_ADDRESS');
    }
    expect((await api.ask('/health/live', { token: '' })).status).toBe(200);
  });

  it('requests are told when to come again', async () => {
    await api.postgres.halt();
    try {
      const { status, json, headers } = await api.ask('/api/v1/runs');
      expect([status, json.type]).toEqual([503, problem('store-unavailable')]);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect(json.help).toContain('DATABASE_URL');
      api.app.get(HealthService, { strict: false }).clear();
      const health = await api.ask('/health', { token: '' });
      expect(health.json.services.database.status).toBe('unhealthy');
    } finally {
      await api.postgres.resume();
    }
    expect((await api.ask('/api/v1/runs')).status).toBe(200);
  });
});
