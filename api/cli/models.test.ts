import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Model, Pull, Serving } from '../client/wire.models.js';
import { runCli } from './program.js';

const at = '2026-01-02T03:04:05.000Z';
const digest = `sha256:${'d'.repeat(64)}`;
const ID = 'a'.repeat(32);

const model = (over: Partial<Model> = {}): Model => ({
  ...{ name: 'small.Q4_K_M', digest, bytes: 253_000_000, source: 'hf:org/small:small.gguf' },
  ...{ kind: 'base', architecture: 'gemma3', contextTokens: 32_768, parameters: 268_100_000 },
  ...{ quantisation: 'Q4_K_M', hasChatTemplate: true, servedAs: ['default'] },
  ...{ createdBy: 'ada', createdAt: at },
  ...over,
});
const pull = (over: Partial<Pull> = {}): Pull => ({
  ...{ id: ID, name: 'small', source: 'hf:org/small:small.gguf', state: 'fetching' },
  ...{ bytes: 0, totalBytes: 1_000, digest: null, failure: null, by: 'ada', startedAt: at },
  ...over,
});
const done = pull({ state: 'done', bytes: 1_000, digest });
const serving = (over: Partial<Serving> = {}): Serving => ({
  ...{ name: 'default', slot: 'champion', model: 'small', digest, adapter: null },
  ...{ adapterDigest: null, share: 0, version: 7, state: 'ready', reason: null },
  ...over,
});
const servings = (...items: Serving[]) => ({ items, next: null, served: [], engines: [] });

interface Heard {
  method: string;
  path: string;
  body: unknown;
}

let folder: string;
const interrupted = { now: new AbortController() };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-cli-models-'));
  interrupted.now = new AbortController();
});
afterEach(() => rm(folder, { recursive: true }));

type Answer = object | ((heard: Heard) => object | Response);

/** One command line against an API that answers each request with the next of these. */
async function slipway(line: string, answers: Answer[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const heard: Heard[] = [];
  const real = globalThis.fetch;
  globalThis.fetch = async (address, init) => {
    const { pathname, search } = new URL(address as string);
    const { body } = init ?? {};
    const said =
      typeof body === 'string' ? JSON.parse(body) : body && Buffer.from(body as Uint8Array);
    const one = { method: init?.method ?? '', path: `${pathname}${search}`, body: said };
    heard.push(one);
    const next = answers.shift();
    const answer = typeof next === 'function' ? (next as (of: Heard) => object)(one) : next;
    if (answer instanceof Response) return answer;
    return answer ? Response.json(answer) : new Response(null, { status: 204 });
  };
  try {
    const code = await runCli(line.split(' '), {
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      env: { SLIPWAY_URL: 'http://api', SLIPWAY_TOKEN: 'token' },
      cwd: folder,
      terminal: undefined,
      colour: false,
      secret: () => Promise.reject(new Error('nobody asks')),
      interrupted: interrupted.now.signal,
    });
    return { code, out: out.join('\n'), err: err.join('\n'), heard };
  } finally {
    globalThis.fetch = real;
  }
}

const problem = (status: number, code: string) => () =>
  new Response(
    JSON.stringify({ type: `urn:slipway:problem:${code}`, title: 'No', status, detail: 'no' }),
    { status },
  );

describe('slipway models pull', () => {
  it('lets the API fetch an address, and shows how far it is', async () => {
    const line = 'models pull hf:org/small:small.gguf --name small --replace';
    const { code, out, heard } = await slipway(line, [
      pull({ totalBytes: null }),
      pull({ bytes: 420 }),
      pull({ state: 'checking', bytes: 1_000 }),
      done,
    ]);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'fetching small',
      'fetching small: 40 % of 1.0 kB',
      'checking small: 100 % of 1.0 kB',
      'done small: 100 % of 1.0 kB',
      `small is stored: 1.0 kB, ${digest}`,
      'Serve it: slipway models serve small',
    ]);
    expect(heard.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v1/models/pulls',
      ...Array.from({ length: 3 }, () => `GET /api/v1/models/pulls/${ID}`),
    ]);
    const body = { source: 'hf:org/small:small.gguf', name: 'small', replace: true };
    expect(heard[0]?.body).toEqual(body);
  });

  it('says why there is no model, and whether trying again may help', async () => {
    const failed = (code: string) =>
      pull({ state: 'failed', failure: { code, message: 'it is not', help: 'Do this.' } });
    const bad = await slipway('models pull hf:a/b:c.gguf', [failed('checksum-mismatch')]);
    expect([bad.code, bad.err]).toEqual([1, 'it is not\nDo this.']);
    const lost = await slipway('models pull hf:a/b:c.gguf --json', [failed('source-lost')]);
    expect([lost.code, JSON.parse(lost.out).failure.code]).toEqual([3, 'source-lost']);
    expect(lost.heard[0]?.body).toEqual({ source: 'hf:a/b:c.gguf' });
  });

  it('goes on when the API was started again', async () => {
    const { code, heard } = await slipway('models pull https://models.example/a.gguf?key=1', [
      pull(),
      problem(503, 'unavailable'),
      pull({ state: 'stopped', bytes: 300 }),
      pull({ bytes: 300 }),
      done,
    ]);
    expect(code).toBe(0);
    expect(heard.filter(({ method }) => method === 'POST')).toHaveLength(2);
  });

  it('is left with Ctrl-C, and goes on without us', async () => {
    const { code, err } = await slipway('models pull hf:a/b:c.gguf', [
      pull(),
      () => {
        interrupted.now.abort();
        return pull({ bytes: 500 });
      },
    ]);
    expect([code, err]).toEqual([
      4,
      'left at 500 B of 1.0 kB; the API goes on, "slipway models list" shows it',
    ]);
  });

  it('sends a file of this machine, from where it was cut off', async () => {
    const bytes = Buffer.alloc(5_000_000, 'x');
    await writeFile(join(folder, 'mine.gguf'), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const of = (over: Partial<Pull>) =>
      pull({ name: 'mine', state: 'waiting', totalBytes: bytes.length, ...over });
    const { code, heard } = await slipway('models pull mine.gguf', [
      of({ bytes: 100 }),
      problem(503, 'no-answer'),
      of({ bytes: 1_000 }),
      of({ bytes: 4_195_304 }),
      of({ bytes: 5_000_000, state: 'checking' }),
      done,
    ]);
    expect(code).toBe(0);
    expect(heard[0]).toMatchObject({
      path: '/api/v1/models/uploads',
      body: { file: 'mine.gguf', sha256, bytes: bytes.length },
    });
    const pieces = heard.filter(({ method }) => method === 'PUT');
    expect(pieces.map(({ path, body }) => [path, (body as Buffer).length])).toEqual([
      [`/api/v1/models/uploads/${ID}?offset=100`, 4_194_304],
      [`/api/v1/models/uploads/${ID}?offset=1000`, 4_194_304],
      [`/api/v1/models/uploads/${ID}?offset=4195304`, 804_696],
    ]);
  });

  it('sends nothing of a file that is not the one that is meant, or not there', async () => {
    await writeFile(join(folder, 'mine.gguf'), 'x');
    const other = await slipway(`models pull mine.gguf --sha256 ${'a'.repeat(64)}`, []);
    expect([other.code, other.heard]).toEqual([1, []]);
    const none = await slipway('models pull none.gguf', []);
    expect([none.code, none.heard]).toEqual([2, []]);
  });
});

describe('slipway models list and show', () => {
  it('list what there is, and what is on its way', async () => {
    const page = { items: [model()], next: null };
    const pulls = { items: [done, pull({ name: 'next', bytes: 10 })], next: null };
    const { code, out } = await slipway('models list', [page, pulls, servings(serving())]);
    expect(code).toBe(0);
    expect(out).toContain('default: small: ready');
    expect(out).toMatch(/small\.Q4_K_M +base +gemma3 +268\.1 M +Q4_K_M +32768 +253\.0 MB +default/);
    expect(out.split('\n').at(-1)).toBe(
      'fetching next, 10 B of 1.0 kB, from hf:org/small:small.gguf',
    );
    const json = await slipway('models list --json', [page, pulls, servings()]);
    expect(JSON.parse(json.out)).toMatchObject({
      items: [{ name: 'small.Q4_K_M' }],
      pulls: [{ name: 'next' }],
    });
    const empty = { items: [], next: null };
    expect((await slipway('models list', [empty, empty, servings()])).out).toContain(
      'slipway models pull',
    );
  });

  it('show one, and where it is served', async () => {
    const { out, heard } = await slipway('models show org/small:q4', [
      servings(serving({ model: 'org/small:q4' }), serving({ name: 'other', model: 'other' })),
      model({ name: 'org/small:q4' }),
    ]);
    expect(heard[1]?.path).toBe('/api/v1/models/org%2Fsmall%3Aq4');
    expect(out).toContain('gemma3, 268.1 M weights, Q4_K_M, 253.0 MB');
    expect(out.split('\n').at(-1)).toBe('served      default: org/small:q4: ready');
  });

  it('show what serves a name, and say of one that nobody knows where all are listed', async () => {
    const none = () => Response.json({ title: 'No', status: 404, detail: 'no' }, { status: 404 });
    const known = servings(serving({ model: 'small.Q4_K_M' }));
    const { code, out } = await slipway('models show default', [known, none, model()]);
    expect([code, out]).toEqual([0, expect.stringContaining('small.Q4_K_M')]);
    const unknown = await slipway('models show nothing', [known, none]);
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('models list')]);
  });
});

describe('slipway models serve, stop and remove', () => {
  it('serve a model, and wait until it is loaded', async () => {
    const { code, out, heard } = await slipway('models serve small --as default --adapter tuned', [
      serving({ state: 'absent' }),
      servings(serving({ state: 'loading' })),
      servings(serving({ adapter: 'tuned' })),
    ]);
    expect([code, out]).toEqual([0, 'default: small with tuned: ready']);
    const body = { name: 'default', model: 'small', adapter: 'tuned', slot: 'champion', share: 0 };
    expect(heard[0]).toMatchObject({ method: 'POST', path: '/api/v1/models/serve', body });
  });

  it('serve a challenger for a share, and say why one cannot be loaded', async () => {
    const failed = serving({ slot: 'challenger', share: 20, state: 'failed', reason: 'no memory' });
    const { code, out } = await slipway('models serve small --challenger --share 20', [failed]);
    expect([code, out]).toEqual([3, 'default: small as challenger for 20 %: failed: no memory']);
    const lone = await slipway('models serve small --share 20', []);
    expect([lone.code, lone.heard]).toEqual([2, []]);
    const far = await slipway('models serve small --challenger --share 200', []);
    expect([far.code, far.heard]).toEqual([2, []]);
  });

  it('do not wait when nobody wants it', async () => {
    const { code, heard } = await slipway('models serve small --no-wait', [
      serving({ state: 'absent' }),
    ]);
    expect([code, heard.length]).toEqual([0, 1]);
    expect(heard[0]?.body).toMatchObject({ name: 'small' });
  });

  it('stop a name, forget a model, and give up a pull', async () => {
    const stopped = await slipway('models stop default --challenger', []);
    expect(stopped.heard[0]).toMatchObject({
      method: 'DELETE',
      path: '/api/v1/models/servings/default?slot=challenger',
    });
    const removed = await slipway('models remove small', []);
    expect([removed.code, removed.heard[0]?.path]).toEqual([0, '/api/v1/models/small']);
    const used = await slipway('models remove small', [problem(409, 'model-used')]);
    expect(used.code).toBe(1);
    const pulls = { items: [pull()], next: null };
    const given = await slipway('models remove small --pull', [pulls]);
    expect(given.heard[1]).toMatchObject({ method: 'DELETE', path: `/api/v1/models/pulls/${ID}` });
    expect((await slipway('models remove other --pull', [pulls])).code).toBe(2);
  });
});
