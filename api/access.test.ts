import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Access, accessOf, DOCS, GIT } from './access.js';
import { Scope } from './client/wire.js';
import { SOCKET_PATH } from './client/wire.socket.js';
import { hashOf, may, newToken } from './platform/auth.js';
import { AuthFailures } from './platform/failures.js';
import { routesOf } from './platform/methods.js';
import { type Asked, startTestApi, type TestApi } from './platform/testing/api.js';

// Every route of the running application × every kind of token. A new route is in it by being there.

/** The only addresses that answer strangers. */
const PUBLIC = [
  'GET /',
  'GET /docs',
  'GET /docs-json',
  'GET /docs/{file}',
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
];
/** Routes on which it matters whose the thing is; "whose a token is" below asks each of them. */
const OWNED = ['DELETE /api/v1/tokens/{id}', 'GET /api/v1/tokens', 'POST /api/v1/tokens'];
/** The same of what is kept of a person; `privacy.test.ts` asks each of them. */
const OF_PERSONS = [
  'GET /api/v1/privacy/export',
  'POST /api/v1/privacy/erasure',
  'GET /api/v1/privacy/erasures',
];

let api: TestApi;
let routes: Access[];
beforeAll(async () => {
  api = await startTestApi({ withGit: true });
  await api.store.repositories.create('x', 'admin');
  const { json } = await api.ask('/docs-json', { token: '' });
  routes = [...DOCS, ...accessOf(json)];
});
afterAll(() => api.close());
beforeEach(() => api.app.get(AuthFailures).clear());

const method = ({ route }: Access) => route.split(' ')[0] as NonNullable<Asked['method']>;
/** With names that nobody has, so that what is allowed does no harm. */
const path = ({ route }: Access) =>
  (route.split(' ')[1] ?? '')
    .replace('/tokens/{id}', '/tokens/00000000-0000-0000-0000-000000000000')
    .replace('{file}', 'swagger-ui.css')
    .replaceAll(/\{\w+\}/g, 'x');

async function tokenOf(login: string, scopes: Scope[], expiresAt: Date | null = null) {
  const token = newToken();
  const hash = hashOf(token);
  const { id } = await api.store.users.addToken({ login, name: 'one', hash, scopes, expiresAt });
  return { token, id };
}

/** Tokens that let nobody in, by what is wrong with them. */
async function deadTokens(): Promise<Record<string, string>> {
  for (const login of ['ada', 'gone']) await api.tokenOf(login, ['read']);
  const revoked = await tokenOf('ada', [...Scope.options]);
  await api.store.users.revokeToken(revoked.id);
  const expired = await tokenOf('ada', [...Scope.options], new Date(Date.now() - 1_000));
  const disabled = await tokenOf('gone', [...Scope.options]);
  await api.store.users.put({ login: 'gone', teams: [], disabled: true });
  return {
    none: '',
    malformed: 'slp_short',
    unknown: newToken(),
    revoked: revoked.token,
    expired: expired.token,
    disabled: disabled.token,
  };
}

describe('every route', () => {
  it('that the server knows is described, or is one of docs, git and the socket', () => {
    const described = new Set(routes.map(({ route }) => route));
    const unknown = routesOf(api.fastify)
      .filter(({ url }) => url !== '/git/*' && url !== SOCKET_PATH)
      .map((one) => `${one.method.replace('HEAD', 'GET')} ${one.url.replaceAll(/:(\w+)/g, '{$1}')}`)
      .filter((route) => !described.has(route));
    expect(unknown).toEqual([]);
    expect(routesOf(api.fastify).filter(({ url }) => url === '/git/*')).not.toEqual([]);
  });

  it('is open only when it is listed here', () => {
    const open = routes.filter(({ need }) => need === 'nothing').map(({ route }) => route);
    expect(open.sort()).toEqual([...PUBLIC].sort());
  });

  it('answers 401 to who has no token that is good', async () => {
    for (const [what, token] of Object.entries(await deadTokens())) {
      for (const one of routes) {
        for (const verb of verbsOf(one)) {
          api.app.get(AuthFailures).clear();
          const { status } = await api.ask(path(one), { method: verb, token });
          const isIn = status !== 401 && status !== 403 && status < 500;
          expect([what, verb, one.route, isIn]).toEqual([what, verb, one.route, isOpen(one)]);
          if (!isIn) expect([what, one.route, status]).toEqual([what, one.route, 401]);
        }
      }
    }
  });

  it.each(Scope.options)(
    'with the scope %j alone opens what needs it, and 403 says no to the rest',
    async (scope) => {
      const token = await api.tokenOf(`only-${scope}`, [scope]);
      for (const one of routes) {
        for (const verb of verbsOf(one)) {
          const { status, json } = await api.ask(path(one), { method: verb, token });
          const opens = one.need === 'nothing' || may({ scopes: [scope] }, one.need);
          expect([verb, one.route, status < 500 && status !== 401 && status !== 403]).toEqual([
            verb,
            one.route,
            opens,
          ]);
          if (!opens && verb !== 'HEAD')
            expect(json.detail ?? json.error.message).toContain(`lacks the scope "${one.need}"`);
        }
      }
    },
  );

  it('is closed to other origins', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    for (const one of routes) {
      const asked = { method: 'OPTIONS', token: '', headers } as const;
      const { status, headers: answer } = await api.ask(path(one), asked);
      expect([one.route, status < 500, status === 200 || status === 204]).toEqual([
        one.route,
        true,
        false,
      ]);
      expect(Object.keys(answer).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});

describe('the git endpoint', () => {
  const basic = (token: string) =>
    token === '' ? {} : { authorization: `Basic ${btoa(`any:${token}`)}` };

  it('lets in who has the scope, and nobody else', async () => {
    const url = await api.listen();
    const dead = Object.values(await deadTokens()).map((token) => [token, undefined] as const);
    const alive = await Promise.all(
      Scope.options.map(
        async (scope) => [await api.tokenOf(`git-${scope}`, [scope]), scope] as const,
      ),
    );
    for (const one of GIT) {
      for (const [token, scope] of [...dead, ...alive]) {
        api.app.get(AuthFailures).clear();
        const asked = { method: method(one), headers: basic(token) };
        const { status } = await fetch(url + path(one), asked);
        const opens = scope === one.need || scope === 'admin';
        const refusal = scope === undefined ? 401 : 403;
        expect([one.route, scope, status < 400 || status === 415 ? 'in' : status]).toEqual([
          one.route,
          scope,
          opens ? 'in' : refusal,
        ]);
      }
    }
  });
});

describe('whose a token is', () => {
  it('matters on no other route', async () => {
    const { json } = await api.ask('/docs-json', { token: '' });
    const naming = Object.entries<Record<string, object>>(json.paths).flatMap(([at, item]) =>
      Object.entries(item)
        .filter(([, operation]) => /"login"/.test(JSON.stringify(asking(operation))))
        .map(([verb]) => `${verb.toUpperCase()} ${at}`),
    );
    const forAdmins = routes.filter(({ need }) => need === 'admin').map(({ route }) => route);
    const owned = naming.filter((route) => !forAdmins.includes(route));
    expect([...OWNED, ...OF_PERSONS]).toEqual(expect.arrayContaining(owned));
  });

  it('decides who sees, makes and revokes it', async () => {
    const mine = await api.tokenOf('mine', ['read']);
    await api.tokenOf('theirs', ['read']);
    const status = async (asked: Asked & { to: string }) => (await api.ask(asked.to, asked)).status;
    const to = '/api/v1/tokens';
    for (const [token, reaches] of [
      [mine, false],
      [api.admin, true],
    ] as const) {
      const victim = await tokenOf('theirs', ['read']);
      const own = await tokenOf(reaches ? 'admin' : 'mine', ['read']);
      const body = { name: 'new', scopes: ['read'] };
      const no = (refusal: number, yes: number) => (reaches ? yes : refusal);
      expect(await status({ to, token })).toBe(200);
      expect(await status({ to: `${to}?login=theirs`, token })).toBe(no(403, 200));
      expect(await status({ to, token, method: 'POST', body })).toBe(201);
      const forThem = { ...body, login: 'theirs' };
      expect(await status({ to, token, method: 'POST', body: forThem })).toBe(no(403, 201));
      const more = { ...body, scopes: ['read', 'approve'] };
      expect(await status({ to, token, method: 'POST', body: more })).toBe(no(403, 201));
      expect(await status({ to: `${to}/${victim.id}`, token, method: 'DELETE' })).toBe(
        no(404, 204),
      );
      expect(await status({ to: `${to}/${own.id}`, token, method: 'DELETE' })).toBe(204);
    }
    const { json } = await api.ask(to, { token: mine });
    expect(new Set(json.items.map(({ login }: { login: string }) => login))).toEqual(
      new Set(['mine']),
    );
  });
});

function verbsOf(one: Access): NonNullable<Asked['method']>[] {
  return method(one) === 'GET' ? ['GET', 'HEAD'] : [method(one)];
}

function isOpen({ need }: Access): boolean {
  return need === 'nothing';
}

/** What a caller says: parameters and body, not the answers. */
function asking(operation: { parameters?: unknown; requestBody?: unknown }): unknown {
  return [operation.parameters, operation.requestBody];
}
