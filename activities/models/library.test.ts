import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Pull } from '../../workflows/domain/pull.js';
import { FakeArtifacts } from '../artifacts/artifacts.fake.js';
import { ggufBytes } from '../platform/gguf.testing.js';
import { StoreUnavailable } from '../store/errors.js';
import { Library } from './library.js';
import { FakeModelRows, quiet, settled } from './testing.js';
import { FileServer } from './testing.server.js';

const MODEL = ggufBytes({ padding: 'x'.repeat(300_000) });
const SHA = createHash('sha256').update(MODEL).digest('hex');
const OTHER = ggufBytes({ padding: 'y'.repeat(300_000) });

let home: string;
let server: FileServer;
let artifacts: FakeArtifacts;
let models: FakeModelRows;
let library: Library;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-models-'));
  server = await FileServer.start();
  artifacts = new FakeArtifacts();
  models = new FakeModelRows();
  library = open();
});
afterEach(async () => {
  await library.close();
  await server.stop();
  await artifacts.clean();
  await rm(home, { recursive: true, force: true });
});

/** A process that begins: the same folder, nothing in memory. */
function open(limits: object = {}): Library {
  return new Library({
    artifacts,
    models,
    log: quiet,
    folder: join(home, 'partial'),
    hub: { url: server.url, tokenFile: join(home, 'hub-token') },
    limits: { firstPauseMs: 1, longestPauseMs: 2, reserveBytes: 0, ...limits },
  });
}

const ended = (pull: Pull, of = library): Promise<Pull> => settled(of, pull.id);
const pullOf = async (source: string, wish: object = {}): Promise<Pull> =>
  ended(await library.pull({ source, ...wish }, 'ada'));

describe('a pull', () => {
  it('stores the file by its digest, and records what it says of itself', async () => {
    const done = await pullOf(server.put('/files/small-F16.gguf', MODEL));
    expect(done).toMatchObject({ state: 'done', bytes: MODEL.length, digest: `sha256:${SHA}` });
    expect(artifacts.digests).toEqual([`sha256:${SHA}`]);
    expect(await models.get('small-F16')).toMatchObject({
      digest: `sha256:${SHA}`,
      bytes: MODEL.length,
      source: `${server.url}/files/small-F16.gguf`,
      kind: 'base',
      createdBy: 'ada',
      metadata: { architecture: 'llama', contextTokens: 512, quantisation: 'F16' },
    });
    await library.close();
    expect(await readdir(join(home, 'partial'))).toEqual([`${done.id}.json`]);
  });

  it('goes on where the source broke off, as often as that brings something', async () => {
    const source = server.put('/model.gguf', MODEL);
    server.breaks = [1_000, 50_000, 100_000];
    server.beforeBreak = arrived;
    server.refusals = [503];
    expect(await pullOf(source)).toMatchObject({ state: 'done', digest: `sha256:${SHA}` });
    const asked = server.heard.map(({ status, range }) => [status, range]);
    expect(asked).toEqual([
      [503, undefined],
      [200, undefined],
      [206, 'bytes=1000-'],
      [206, 'bytes=51000-'],
      [206, 'bytes=151000-'],
    ]);
  });

  it('begins again when the source has another file now, or knows no ranges', async () => {
    const source = server.put('/model.gguf', OTHER);
    server.breaks = [200_000];
    server.holdAfter = 100;
    const pull = await library.pull({ source }, 'ada');
    await server.held();
    server.put('/model.gguf', MODEL, { etag: '"new"' });
    await library.close();
    server.goOn();
    library = open();
    await library.resume();
    expect(await ended(pull)).toMatchObject({ state: 'done', digest: `sha256:${SHA}` });
    server.ignoresRanges = true;
    server.breaks = [5_000];
    server.beforeBreak = arrived;
    const again = await pullOf(server.put('/again.gguf', OTHER), { name: 'again' });
    expect(again).toMatchObject({ state: 'done', bytes: OTHER.length });
  });

  it('trusts no bytes of a source that names no validator', async () => {
    const source = server.put('/model.gguf', MODEL, { etag: null });
    server.breaks = [150_000];
    server.beforeBreak = arrived;
    expect(await pullOf(source)).toMatchObject({ state: 'done', digest: `sha256:${SHA}` });
    expect(server.heard.map(({ range }) => range)).toEqual([undefined, undefined]);
  });

  it('survives the end of its process, and goes on from its bytes', async () => {
    const source = server.put('/model.gguf', MODEL);
    server.holdAfter = 200_000;
    const pull = await library.pull({ source }, 'ada');
    await server.held();
    await until(async () => (await library.find(pull.id))?.bytes === 200_000);
    await library.close();
    expect(await library.find(pull.id)).toMatchObject({ state: 'stopped', bytes: 200_000 });
    server.goOn();
    library = open();
    await library.resume();
    expect(await ended(pull)).toMatchObject({ state: 'done', digest: `sha256:${SHA}` });
    expect(server.heard.at(-1)).toMatchObject({ status: 206, range: 'bytes=200000-' });
  });

  it('is one, however often the same source is asked for meanwhile', async () => {
    const source = server.put('/model.gguf', MODEL);
    server.holdAfter = 10;
    const first = await library.pull({ source }, 'ada');
    await server.held();
    const second = await library.pull({ source, name: 'other' }, 'eve');
    expect([second.id, second.name]).toEqual([first.id, 'model']);
    const elsewhere = open();
    await expect(elsewhere.discard(first.id)).rejects.toMatchObject({ code: 'pull-elsewhere' });
    await elsewhere.resume();
    expect(await library.find(first.id)).toMatchObject({ state: 'fetching' });
    server.goOn();
    await ended(first);
    expect(server.heard).toHaveLength(1);
  });

  it('that is given up leaves nothing', async () => {
    const source = server.put('/model.gguf', MODEL);
    server.holdAfter = 10;
    const { id } = await library.pull({ source }, 'ada');
    await server.held();
    expect(await library.discard(id)).toBe(true);
    expect([await library.find(id), await library.discard(id)]).toEqual([undefined, false]);
    expect(await readdir(join(home, 'partial'))).toEqual([]);
  });

  it('waits for a record that is away, and fetches nothing twice', async () => {
    models.troubles = [
      new StoreUnavailable(new Error('away')),
      new StoreUnavailable(new Error('away')),
    ];
    expect(await pullOf(server.put('/model.gguf', MODEL))).toMatchObject({ state: 'done' });
    expect(server.heard).toHaveLength(1);
  });
});

describe('a pull is refused, and stores nothing,', () => {
  it('when the checksum is another one', async () => {
    const failed = await pullOf(server.put('/model.gguf', MODEL), { sha256: 'a'.repeat(64) });
    expect(failed).toMatchObject({
      state: 'failed',
      bytes: 0,
      failure: { code: 'checksum-mismatch' },
    });
    expect(failed.failure?.message).toContain(SHA);
    expect([artifacts.digests, await models.get('model')]).toEqual([[], undefined]);
  });

  it.each([
    ['is no model', Buffer.from('<html>log in</html>'), 'bad-model-file'],
    ['is a model of which the end is missing', MODEL.subarray(0, 400), 'bad-model-file'],
  ])('when the file %s', async (_what, bytes, code) => {
    const failed = await pullOf(server.put('/model.gguf', bytes));
    expect(failed).toMatchObject({ state: 'failed', failure: { code } });
    expect([artifacts.digests, await models.get('model')]).toEqual([[], undefined]);
  });

  it('when the file is too large, or the disk too small', async () => {
    library = open({ maxBytes: 1_000 });
    const large = await pullOf(server.put('/model.gguf', MODEL));
    expect(large.failure).toMatchObject({ code: 'source-refused' });
    library = open({ reserveBytes: Number.MAX_SAFE_INTEGER });
    const full = await pullOf(server.put('/other.gguf', MODEL));
    expect(full.failure).toMatchObject({ code: 'disk-full' });
  });

  it('when the source has no such file, lets us not in, or is away', async () => {
    for (const status of [401, 404]) {
      server.refusals = [status];
      const failed = await pullOf(`${server.url}/none-${status}.gguf`);
      expect(failed.failure).toMatchObject({ code: 'source-refused' });
    }
    library = open({ attempts: 2 });
    server.refusals = [500, 500];
    expect((await pullOf(`${server.url}/none.gguf`)).failure?.code).toBe('source-lost');
  });

  it('when a model of other bytes has its name, until it is given another', async () => {
    await pullOf(server.put('/model.gguf', MODEL));
    const source = server.put('/b/model.gguf', OTHER);
    expect((await pullOf(source)).failure?.code).toBe('model-name-taken');
    const before = server.heard.length;
    expect(await pullOf(source, { name: 'other' })).toMatchObject({ state: 'done', name: 'other' });
    expect(server.heard.slice(before).map(({ status }) => status)).toEqual([416]);
    const replaced = await pullOf(server.put('/c/model.gguf', OTHER), { replace: true });
    expect(replaced.state).toBe('done');
    expect((await models.get('model'))?.digest).toBe(replaced.digest);
  });

  it('when its address held credentials, it goes on only with a new one', async () => {
    const source = server.put('/signed.gguf', MODEL);
    server.holdAfter = 1_000;
    const { id } = await library.pull({ source: `${source}?signature=s3cret` }, 'ada');
    await server.held();
    await until(async () => (await library.find(id))?.bytes === 1_000);
    await library.close();
    server.goOn();
    library = open();
    await library.resume();
    expect(await library.find(id)).toMatchObject({ state: 'stopped', source });
    const kept = await readFile(join(home, 'partial', `${id}.json`), 'utf8');
    expect(kept).not.toContain('s3cret');
    const done = await pullOf(`${source}?signature=0ther`);
    expect(done).toMatchObject({ id, state: 'done', digest: `sha256:${SHA}` });
    expect(server.heard.at(-1)?.range).toBe('bytes=1000-');
  });

  it('when it redirects for ever, or to what is no web server', async () => {
    server.redirects.set('/loop.gguf', { to: '/loop.gguf' });
    server.redirects.set('/file.gguf', { to: 'file:///etc/passwd' });
    for (const path of ['/loop.gguf', '/file.gguf']) {
      const failed = await pullOf(`${server.url}${path}`);
      expect(failed.failure).toMatchObject({ code: 'source-refused' });
    }
    expect(server.heard).toHaveLength(7);
  });

  it('when too many are under way', async () => {
    server.holdAfter = 1;
    for (const name of ['a', 'b', 'c', 'd']) {
      await library.pull({ source: server.put(`/${name}.gguf`, MODEL) }, 'ada');
    }
    const fifth = library.pull({ source: server.put('/e.gguf', MODEL) }, 'ada');
    await expect(fifth).rejects.toMatchObject({ code: 'too-many-pulls' });
  });
});

describe('the hub', () => {
  const path = '/org/small/resolve/main/gguf/small.gguf';
  const source = 'hf:org/small:gguf/small.gguf';
  const redirect = (sha: string) =>
    server.redirects.set(path, { to: '/cdn/small', headers: { 'x-linked-etag': `"${sha}"` } });

  it('is given its token, which nobody else sees, and says the checksum', async () => {
    const cdn = await FileServer.start();
    await writeFile(join(home, 'hub-token'), 'hf_secret\n');
    const to = cdn.put('/small', MODEL);
    server.redirects.set(path, { to, headers: { 'x-linked-etag': `"${SHA}"` } });
    const done = await pullOf(source);
    await cdn.stop();
    expect(done).toMatchObject({ state: 'done', name: 'small', source, digest: `sha256:${SHA}` });
    expect(server.heard[0]?.authorization).toBe('Bearer hf_secret');
    expect(cdn.heard[0]?.authorization).toBeUndefined();
    expect(JSON.stringify([done, [...models.rows.values()]])).not.toContain('hf_secret');
    const kept = await readFile(join(home, 'partial', `${done.id}.json`), 'utf8');
    expect(kept).not.toContain('hf_secret');
  });

  it('is not believed when it sends something else than it says', async () => {
    await writeFile(join(home, 'hub-token'), '');
    server.put('/cdn/small', OTHER);
    redirect(SHA);
    expect((await pullOf(source)).failure?.code).toBe('checksum-mismatch');
    redirect('b'.repeat(64));
    const wrong = await pullOf(source, { sha256: SHA });
    expect(wrong.failure?.code).toBe('checksum-mismatch');
  });

  it('wants a token that can be read, where there is one', async () => {
    redirect(SHA);
    expect((await pullOf(source)).failure?.message).toContain('SLIPWAY_HF_TOKEN_FILE');
  });
});

describe('an upload', () => {
  const wish = { name: 'mine', file: 'mine.gguf', sha256: SHA, bytes: MODEL.length };
  const send = (id: string, from: number, to: number) =>
    library.receive(id, from, Readable.from([MODEL.subarray(from, to)]));

  it('comes in pieces, goes on where it was cut off, and is stored when it is whole', async () => {
    const { id } = await library.upload(wish, 'ada');
    expect(await send(id, 0, 100_000)).toMatchObject({ state: 'waiting', bytes: 100_000 });
    const cut = Readable.from(
      (async function* () {
        yield MODEL.subarray(100_000, 150_000);
        throw new Error('the line broke');
      })(),
    );
    await expect(library.receive(id, 100_000, cut)).rejects.toThrow('the line broke');
    library = open();
    expect(await library.upload(wish, 'ada')).toMatchObject({ id, bytes: 150_000 });
    await expect(send(id, 100_000, 110_000)).rejects.toMatchObject({ code: 'wrong-offset' });
    await send(id, 150_000, MODEL.length);
    expect(await settled(library, id)).toMatchObject({ state: 'done', digest: `sha256:${SHA}` });
    expect(await models.get('mine')).toMatchObject({ source: 'file:mine.gguf' });
  });

  it('of bytes that are here already is not sent at all', async () => {
    artifacts.put(MODEL);
    const { id } = await library.upload(wish, 'ada');
    expect(await settled(library, id)).toMatchObject({ state: 'done', name: 'mine' });
  });

  it('takes no more than was announced, and no pieces that are too large', async () => {
    library = open({ pieceBytes: 1_000 });
    const { id } = await library.upload(wish, 'ada');
    await expect(send(id, 0, 2_000)).rejects.toMatchObject({ code: 'bad-source' });
    const other = await library.upload({ ...wish, sha256: 'c'.repeat(64), bytes: 10 }, 'ada');
    await expect(send(other.id, 0, 11)).rejects.toMatchObject({ code: 'bad-source' });
    expect(await library.receive('0'.repeat(32), 0, Readable.from([]))).toBeUndefined();
  });

  it('of other bytes than its checksum says is dropped', async () => {
    const { id } = await library.upload({ ...wish, sha256: 'd'.repeat(64) }, 'ada');
    await send(id, 0, MODEL.length);
    const failed = await settled(library, id);
    expect(failed).toMatchObject({
      state: 'failed',
      bytes: 0,
      failure: { code: 'checksum-mismatch' },
    });
  });
});

/** All bytes that were sent so far. */
async function arrived(sent: number): Promise<void> {
  await until(async () => (await library.pulls())[0]?.bytes === sent);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
}
