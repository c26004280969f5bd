import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fastify from 'fastify';
import { ErrorFilter } from './error.filter.js';
import { HEADERS } from './headers.js';
import { serverOptions } from './server.js';
import { startTestApi, type TestApi } from './testing/api.js';

// What holds before any route: raw bytes on a real socket, with short deadlines.

let api: TestApi;
let port: number;
beforeAll(async () => {
  const deadlines = {
    headMs: 1_000,
    bodyMs: 1_000,
    answerMs: 1_000,
    madeMs: 1_000,
    lookEveryMs: 50,
  };
  api = await startTestApi({ deadlines });
  port = Number(new URL(await api.listen()).port);
});
afterAll(() => api.close());

/** Everything the server says until it closes the connection. */
function said(write: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.once('connect', () => write(socket));
  });
}

function parsed(text: string) {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(': ')[0]?.toLowerCase(), line.slice(line.indexOf(': ') + 2)]),
  );
  return { status: Number(first.split(' ')[1]), headers, problem: JSON.parse(body) };
}

describe('a request that never comes to its end', () => {
  it('is ended while its head is missing', async () => {
    const { status, problem } = parsed(
      await said((socket) => socket.write('GET /health HTTP/1.1\r\nx-slow')),
    );
    expect([status, problem.type]).toEqual([408, 'urn:slipway:problem:too-slow']);
    // A connection that says nothing at all holds no place either.
    expect(await said(() => undefined)).not.toContain('200');
  });

  it('is ended while its body is missing', async () => {
    const head = [
      'POST /api/v1/runs HTTP/1.1',
      'host: x',
      `authorization: Bearer ${api.admin}`,
      'content-type: application/json',
      'content-length: 100',
    ].join('\r\n');
    const { status, headers, problem } = parsed(
      await said((socket) => socket.write(`${head}\r\n\r\n{"a`)),
    );
    expect([status, problem.type]).toEqual([408, 'urn:slipway:problem:too-slow']);
    expect(headers['connection']).toBe('close');
  });

  it('is answered when we do not get done', async () => {
    const ping = api.workflows.ping;
    let late: (isUp: boolean) => void = () => undefined;
    api.workflows.ping = () =>
      new Promise((resolve) => {
        late = resolve;
      });
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/health`);
      const { type } = (await answer.json()) as { type: string };
      expect([answer.status, type]).toEqual([503, 'urn:slipway:problem:no-answer']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    } finally {
      late(true);
      api.workflows.ping = ping;
    }
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  });
});

describe('the address of a client', () => {
  const seenBy = async (proxies: string, from: string): Promise<string> => {
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const server = fastify(serverOptions({ SLIPWAY_PROXIES: proxies }, new ErrorFilter(log)));
    server.get('/', (request) => request.ip);
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    return (await server.inject({ url: '/', remoteAddress: from, headers })).body;
  };

  it('is what a proxy says only where the operator named the proxy', async () => {
    expect(await seenBy('', '10.0.0.5')).toBe('10.0.0.5');
    expect(await seenBy('10.0.0.0/8, ::1', '10.0.0.5')).toBe('203.0.113.7');
    expect(await seenBy('10.0.0.0/8, ::1', '192.0.2.1')).toBe('192.0.2.1');
  });
});

describe('what is no request of ours', () => {
  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
    ],
    [
      'a head of 20 KiB',
      `GET /health HTTP/1.1\r\nhost: x\r\nx-a: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
    ],
    ['an address of 20 KiB', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
    [
      'a name that is no UTF-8',
      `GET /api/v1/runs/%ff HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
      400,
    ],
    [
      'a name of 400 characters',
      `GET /api/v1/runs/${'a'.repeat(400)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
      414,
    ],
  ])('(%s) gets a problem with every security header', async (_what, bytes, wanted) => {
    const { status, headers, problem } = parsed(await said((socket) => socket.write(bytes)));
    expect(status).toBe(wanted);
    expect(problem).toMatchObject({ status, type: expect.stringMatching(/^urn:slipway:problem:/) });
    expect(headers).toMatchObject(HEADERS);
    expect(headers['content-type']).toContain('application/problem+json');
  });
});

describe('every answer', () => {
  const open = [
    '/',
    '/docs',
    '/docs-json',
    '/docs/start.js',
    '/health',
    '/nowhere',
    '/api/v1/runs',
  ];

  it.each(open)(
    'of %s carries the security headers, and does not say what serves',
    async (path) => {
      const { headers } = await api.ask(path, { token: '' });
      const { 'content-security-policy': policy, ...others } = HEADERS;
      expect(headers).toMatchObject(others);
      expect(headers['content-security-policy']).toContain(policy.split(';')[0]);
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['server']));
      expect(headers['x-powered-by']).toBeUndefined();
    },
  );

  it('of the root leads to the docs', async () => {
    const { status, headers } = await api.ask('/', { token: '' });
    expect([status, headers['location']]).toEqual([302, '/docs']);
  });
});

describe('a body', () => {
  const post = (body: string) =>
    api.ask('/api/v1/users', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });

  it('that would change what objects are is refused', async () => {
    for (const body of [
      '{"login":"x","__proto__":{"disabled":true}}',
      '{"login":"x","constructor":{"prototype":{"a":1}}}',
    ]) {
      expect((await post(body)).status).toBe(400);
    }
    expect(({} as { disabled?: boolean }).disabled).toBeUndefined();
  });

  it.each([
    ['nested half a million deep', '['.repeat(500_000) + ']'.repeat(500_000)],
    ['of objects, 100,000 deep', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['with 90,000 fields', `{${Array.from({ length: 90_000 }, (_, i) => `"f${i}":1`).join()}}`],
    ['with a field whose name is a megabyte', `{"${'a'.repeat(1_000_000)}":1}`],
  ])('%s is refused in few words', async (_what, body) => {
    const { status, text } = await post(body);
    expect(status).toBe(400);
    expect(text.length).toBeLessThan(50_000);
  });
});
