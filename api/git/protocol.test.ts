import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import fastify from 'fastify';
import { AuthFailures } from '../platform/failures.js';
import { HEADERS } from '../platform/headers.js';
import { BareRepositories } from './bare.repositories.js';
import { type EndpointParts, GitEndpoint } from './git.endpoint.js';
import { setUpGit } from './git.settings.js';
import { git, succeeds, TestGitServer } from './testing/git-server.js';

// Requests that look a little like Git's, and are not: each gets an answer, none of them a 5xx, and
// honest clients are served as before.

/** Far above what any answer takes: a request that is still open then hangs. */
const HANG_MS = 60_000;
const file = { '.slipway/pipeline.yaml': 'version: 1\nname: x\nsteps:\n  a: { run: [x] }\n' };

let server: TestGitServer;
let commit: string;
beforeAll(async () => {
  server = await TestGitServer.start();
  server.workflows.play = succeeds;
  const clone = await server.clone('shop', file);
  expect((await clone.push()).code).toBe(0);
  commit = (await clone.git('rev-parse', 'HEAD')).text.trim();
});
afterAll(() => server.remove());

interface Asked {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
  /** With an announced length, or in chunks. */
  isChunked: boolean;
}

interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
}

/** `closed`: the connection ended without an answer. */
function answerTo({ method, path, headers, body, isChunked }: Asked): Promise<Answer | 'closed'> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': String(body?.length ?? 0) };
    const announced = body === undefined || isChunked ? {} : length;
    const asked = request(server.url + path, { method, headers: { ...announced, ...headers } });
    const timer = setTimeout(() => {
      reject(new Error('it hangs'));
      asked.destroy();
    }, HANG_MS);
    asked.on('close', () => clearTimeout(timer));
    asked.on('error', () => resolve('closed'));
    asked.on('response', (answer) => {
      answer.resume();
      answer.on('error', () => undefined);
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers });
    });
    asked.end(body);
  });
}

const SERVICES = ['git-upload-pack', 'git-receive-pack'];
const pkt = (text: string) => (text.length + 4).toString(16).padStart(4, '0') + text;

const path = fc
  .record({
    name: fc.constantFrom(
      'shop',
      'shop',
      'shop',
      'none',
      'gitops',
      '..',
      '%2e%2e',
      '.server',
      'a%00b',
      'A',
      '-x',
      'x'.repeat(200),
    ),
    rest: fc.constantFrom(
      '/info/refs',
      '/git-upload-pack',
      '/git-receive-pack',
      '/git-upload-archive',
      '/HEAD',
      '/config',
      '/objects/info/packs',
      '/../.server/.gitconfig',
      '/info/refs/',
      '//info/refs',
      '',
    ),
    query: fc.constantFrom(
      '',
      '?',
      '?service=git-upload-pack',
      '?service=git-receive-pack',
      '?service=git-upload-archive',
      '?service=--help',
      '?service=git-upload-pack&service=git-receive-pack',
      '?SERVICE=x',
      '?service=git-upload-pack%0a',
    ),
  })
  .map(({ name, rest, query }) => `/git/${name}.git${rest}${query}`);

const line = fc.oneof(
  fc.constantFrom(
    '0000',
    '0001',
    '0002',
    '0003',
    '0004',
    'ffff',
    'fffe',
    '00',
    'zzzz',
    '-001',
    '0005',
    'PACK',
  ),
  fc
    .constantFrom(
      'want',
      'have',
      'done',
      'deepen -1',
      'shallow x',
      'filter tree:99999999',
      'command=ls-refs',
      'command=x',
    )
    .map((word) => pkt(`${word}\n`)),
  fc
    .constantFrom('want', 'have', 'shallow')
    .map((word) => pkt(`${word} ${'a'.repeat(40)} thin-pack\n`)),
  fc.string({ unit: 'binary', maxLength: 40 }).map(pkt),
);
const update = fc
  .tuple(
    fc.constantFrom('0'.repeat(40), 'f'.repeat(40), 'x'),
    fc.string({ unit: 'binary', maxLength: 40 }),
  )
  .map(([old, ref]) => pkt(`${old} ${'a'.repeat(40)} refs/heads/${ref}\0report-status\n`));
const body = fc.oneof(
  fc
    .array(fc.oneof(line, update), { maxLength: 8 })
    .map((lines) => Buffer.from(lines.join(''), 'latin1')),
  fc
    .array(update, { maxLength: 2 })
    .map((lines) => Buffer.from(`${lines.join('')}0000PACK\0\0\0\x02\xff\xff\xff\xff`, 'latin1')),
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
);
const headers = fc.record(
  {
    'content-type': fc.oneof(
      fc.constantFrom(...SERVICES.map((one) => `application/x-${one}-request`)),
      fc.constantFrom('application/json', 'text/plain', '', 'multipart/form-data; boundary=x'),
    ),
    'content-encoding': fc.constantFrom(
      'gzip',
      'x-gzip',
      'deflate',
      'br',
      'identity',
      'gzip, gzip',
    ),
    'git-protocol': fc.constantFrom('version=2', 'version=1', 'version=99', 'version=2:x', '$(id)'),
    expect: fc.constantFrom('100-continue', '200-ok'),
    accept: fc.constantFrom('*/*', 'application/json'),
    range: fc.constant('bytes=0-1'),
    'x-forwarded-for': fc.constant('1.2.3.4, 127.0.0.1'),
  },
  { requiredKeys: [] },
);

const requests = fc.record({
  method: fc.constantFrom(
    'GET',
    'POST',
    'POST',
    'POST',
    'HEAD',
    'PUT',
    'DELETE',
    'OPTIONS',
    'PROPFIND',
  ),
  path: fc.oneof(
    { weight: 1, arbitrary: path },
    { weight: 2, arbitrary: fc.constantFrom(...SERVICES).map((one) => `/git/shop.git/${one}`) },
  ),
  headers,
  body: fc.option(body, { nil: undefined, freq: 5 }),
  isChunked: fc.boolean(),
  isZipped: fc.boolean(),
});

describe('a request to the git endpoint', () => {
  it('of any kind gets an answer, and never a 5xx', async () => {
    const authorization = `Basic ${btoa(`x:${server.admin}`)}`;
    await fc.assert(
      fc.asyncProperty(requests, async ({ isZipped, ...asked }) => {
        const zipped = isZipped && asked.body ? gzipSync(asked.body) : asked.body;
        const all = { ...asked.headers, authorization };
        const answer = await answerTo({ ...asked, body: zipped, headers: all });
        expect([asked, answer === 'closed' || answer.status < 500]).toEqual([asked, true]);
        if (answer === 'closed' || asked.headers['expect'] === '200-ok') return;
        expect(answer.headers).toMatchObject({
          'x-content-type-options': HEADERS['x-content-type-options'],
          'content-security-policy': HEADERS['content-security-policy'],
        });
      }),
      { numRuns: 250 },
    );
    const refs = await git(server.root, ['ls-remote', server.address('shop')]);
    expect(refs.text).toContain(`${commit}\trefs/heads/main`);
  });

  it('with a length that it does not keep is cut off, and holds nothing up', async () => {
    const authorization = `Basic ${btoa(`x:${server.admin}`)}`;
    const type = 'application/x-git-upload-pack-request';
    for (const length of ['999999999999999', '18446744073709551616', '-1', '0x10', '1e3']) {
      const asked = { method: 'POST', path: '/git/shop.git/git-upload-pack', isChunked: true };
      const all = { authorization, 'content-type': type, 'content-length': length };
      const answer = await answerTo({ ...asked, headers: all, body: undefined });
      expect([length, answer === 'closed' || [400, 413].includes(answer.status)]).toEqual([
        length,
        true,
      ]);
    }
  });

  it('whose body stops coming is cut off', async () => {
    const env = await setUpGit(server.repositories);
    const parts = {
      authenticator: { identify: async () => ({ login: 'ada', scopes: ['read'] }) },
      store: server.store,
      repositories: new BareRepositories(server.repositories, env),
      log: { warn: () => undefined },
      env,
      bodyIdleLimitMs: 100,
    };
    const impatient = fastify();
    new GitEndpoint(parts as unknown as EndpointParts).register(impatient);
    const url = await impatient.listen({ host: '127.0.0.1', port: 0 });
    const authorization = `Basic ${btoa('x:y')}`;
    const headers = { authorization, 'content-type': 'application/x-git-upload-pack-request' };
    const asked = request(`${url}/git/shop.git/git-upload-pack`, { method: 'POST', headers });
    const ended = new Promise((resolve) => asked.once('close', resolve));
    asked.on('error', () => undefined);
    asked.write('00');
    await ended;
    await impatient.close();
  });

  it('with wrong tokens is soon not looked at any more, and says until when', async () => {
    const { app } = server as unknown as {
      app: { get: (type: typeof AuthFailures) => AuthFailures };
    };
    const path = '/git/shop.git/info/refs?service=git-upload-pack';
    const as = async (token: string) => {
      const authorization = `Basic ${btoa(`x:${token}`)}`;
      const answer = await fetch(server.url + path, { headers: { authorization } });
      return { status: answer.status, wait: Number(answer.headers.get('retry-after')) };
    };
    expect((await as(server.admin)).status).toBe(200);
    const seen: number[] = [];
    for (let count = 0; count < 40; count++) seen.push((await as(`slp_wrong${count}`)).status);
    expect(seen.slice(0, 20)).toEqual(Array(20).fill(401));
    expect(seen.slice(-5)).toEqual(Array(5).fill(429));
    const { wait } = await as('slp_wrong');
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    // Others behind the same address go on, and who sends nothing is asked for a token as ever.
    expect((await as(server.admin)).status).toBe(200);
    expect((await fetch(server.url + path)).status).toBe(401);
    app.get(AuthFailures).clear();
  });
});
