import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BackendEnd, serve } from './backend.js';
import { BareRepositories } from './bare.repositories.js';
import { parseHead, toEnvironment } from './cgi.js';
import { parseAddress } from './git.endpoint.js';
import { setUpGit } from './git.settings.js';
import { answerHooks, parseCall } from './hook.channel.js';
import { Clone } from './testing/git-server.js';

const MAX_PACK_BYTES = 200_000;
const MAX_BODY_BYTES = 1_000_000;
let root: string;
let server: Server;
let url: string;
const ends: BackendEnd[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-backend-'));
  const env = await setUpGit(root, MAX_PACK_BYTES);
  await new BareRepositories(root, env).create('shop');
  server = createServer((asked, response) => {
    const { pathname, searchParams } = new URL(asked.url ?? '', 'http://git');
    const { method = '', headers } = asked;
    const cgi = {
      root,
      login: 'ada',
      path: pathname,
      query: String(searchParams),
      method,
      headers,
    };
    void serve({
      env: { ...env, ...toEnvironment(cgi) },
      body: asked,
      response,
      maxBodyBytes: MAX_BODY_BYTES,
      limitMs: 20_000,
      signal: new AbortController().signal,
      hooks: (line) =>
        answerHooks(
          line,
          async () => 0,
          () => undefined,
        ),
    }).then((end) => {
      ends.push(end);
      if (end.how !== 'answered') response.destroy();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/shop.git`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(root, { recursive: true, force: true });
});

describe('git http-backend', () => {
  it('takes a push up to the limit, and says what is wrong with a bigger one', async () => {
    const clone = new Clone(await mkdtemp(join(root, 'clone-')));
    await clone.git('init', '--quiet', '--initial-branch=main');
    await clone.git('config', 'http.postBuffer', '65536');
    await clone.git('remote', 'add', 'slipway', url);
    const small = await clone.commit({ 'small.bin': randomBytes(100_000).toString('base64') });
    expect((await clone.push()).code).toBe(0);
    await clone.commit({ 'big.bin': randomBytes(400_000).toString('base64') });
    const refused = await clone.push();
    expect(refused.code).not.toBe(0);
    expect(refused.text).toContain('pack exceeds maximum allowed size');
    expect((await clone.git('ls-remote', 'slipway', 'main')).text).toContain(small);
  });

  it('is ended when a body goes on beyond every limit', async () => {
    const service = url.replace('/shop.git', '/shop.git/git-receive-pack');
    const line = `${'0'.repeat(40)} ${'a'.repeat(40)} refs/heads/${'x'.repeat(200)}\0\n`;
    const command = `${(line.length + 4).toString(16).padStart(4, '0')}${line}`;
    await new Promise<void>((resolve) => {
      const asked = request(service, {
        method: 'POST',
        headers: { 'content-type': 'application/x-git-receive-pack-request' },
      });
      asked.on('error', () => undefined);
      asked.on('close', resolve);
      asked.end(command.repeat(10_000));
    });
    const tooLarge = () => ends.find(({ how }) => how === 'tooLarge');
    while (tooLarge() === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(tooLarge()).toMatchObject({ byItself: false });
  });

  it('ends when a body is cut off: given a length, it would spin for ever on what never comes', async () => {
    const line = `${'0'.repeat(40)} ${'a'.repeat(40)} refs/heads/main\n`;
    const cgi = {
      root,
      login: 'ada',
      path: '/shop.git/git-receive-pack',
      query: '',
      method: 'POST',
      headers: {
        'content-type': 'application/x-git-receive-pack-request',
        'content-length': '100000',
      },
    };
    const { signal, stderr } = spawnSync('git', ['http-backend'], {
      env: { ...(await setUpGit(root, MAX_PACK_BYTES)), ...toEnvironment(cgi) },
      input: `${(line.length + 4).toString(16).padStart(4, '0')}${line}`,
      timeout: 20_000,
      encoding: 'utf8',
    });
    expect([signal, stderr]).toEqual([null, expect.stringContaining('hung up')]);
  });

  it('gets nothing of the request that it does not need', () => {
    const headers = {
      authorization: 'Basic c2VjcmV0',
      proxy: 'http://evil',
      'git-protocol': 'version=2; rm',
      'content-type': 'application/x-git-upload-pack-request',
    };
    const env = toEnvironment({
      method: 'POST',
      path: '/x',
      query: '',
      headers,
      root,
      login: 'ada',
    });
    expect(JSON.stringify(env)).not.toMatch(/c2VjcmV0|evil|rm/);
    expect(env).toMatchObject({ REMOTE_USER: 'ada', REQUEST_METHOD: 'POST' });
  });

  it('is understood only when it answers with a head', () => {
    const head = Buffer.from('Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\nno');
    expect(parseHead(head)).toMatchObject({
      status: 404,
      headers: { 'content-type': 'text/plain' },
    });
    expect(parseHead(head)?.rest.toString()).toBe('no');
    expect(parseHead(Buffer.from('Content-'))).toBeUndefined();
    expect(() => parseHead(Buffer.from('no head\r\n\r\n'))).toThrow('no head');
    expect(() => parseHead(Buffer.from('Status: 99\r\n\r\n'))).toThrow('99');
    expect(() => parseHead(Buffer.alloc(70_000))).toThrow('without a head');
  });
});

describe('the address of a repository', () => {
  it('is one of the three that git asks', () => {
    expect(parseAddress('GET', '/git/shop.git/info/refs?service=git-upload-pack')).toEqual({
      name: 'shop',
      service: 'git-upload-pack',
      path: '/info/refs',
    });
    expect(parseAddress('POST', '/git/shop.git/git-receive-pack')?.service).toBe(
      'git-receive-pack',
    );
    expect(parseAddress('GET', '/git/shop.git/git-receive-pack')).toBeUndefined();
    expect(parseAddress('POST', '/git/shop.git/info/refs?service=git-upload-pack')).toBeUndefined();
    expect(parseAddress('GET', '/git/shop.git/info/refs?service=git-evil')).toBeUndefined();
    expect(parseAddress('GET', '/git/a/b.git/info/refs?service=git-upload-pack')).toBeUndefined();
  });
});

describe('what a hook tells', () => {
  const [old, fresh] = ['0'.repeat(40), 'a'.repeat(40)];

  it('is where the objects are, and every update', () => {
    const said = `pre-receive\n/objects\n/alternates\n${old} ${fresh} refs/heads/main\n.\n`;
    expect(parseCall(said)).toEqual({
      hook: 'pre-receive',
      quarantine: {
        GIT_OBJECT_DIRECTORY: '/objects',
        GIT_ALTERNATE_OBJECT_DIRECTORIES: '/alternates',
      },
      updates: [{ oldCommit: old, newCommit: fresh, ref: 'refs/heads/main' }],
    });
    expect(parseCall(`post-receive\n\n\n.\n`)).toMatchObject({ quarantine: {}, updates: [] });
  });

  it('is refused from a hook that we did not write', () => {
    expect(() => parseCall(`update\n\n\n.\n`)).toThrow('no hook "update"');
  });
});
