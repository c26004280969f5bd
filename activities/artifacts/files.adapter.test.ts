import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ArtifactMissing } from './artifacts.ports.js';
import { writeDurably } from './durable.js';
import { FilesArtifactStore, FilesCacheStore } from './files.adapter.js';

let root: string;
let store: FilesArtifactStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-artifacts-'));
  store = new FilesArtifactStore(join(root, 'store'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function fileWith(text: string): Promise<string> {
  const path = join(root, `in-${Math.random()}`);
  await writeFile(path, text);
  return path;
}

const HELLO = 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

describe('the artifact store', () => {
  it('keeps bytes under their digest, once, read-only', async () => {
    const [first, second] = await Promise.all([
      store.putFile(await fileWith('hello')),
      store.putFile(await fileWith('hello')),
    ]);
    expect(first).toEqual({ digest: HELLO, bytes: 5 });
    expect(second).toEqual(first);
    const path = await store.path(HELLO);
    expect(await readFile(path, 'utf8')).toBe('hello');
    expect((await stat(path)).mode & 0o222).toBe(0);
    expect(await readdir(join(root, 'store/sha256/2c'))).toEqual([HELLO.slice(7)]);
  });

  it('streams what it keeps', async () => {
    await store.putFile(await fileWith('hello'));
    const chunks: Buffer[] = [];
    for await (const chunk of await store.read(HELLO)) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('hello');
  });

  it('says which digest it does not have', async () => {
    expect(await store.has(HELLO)).toBe(false);
    await expect(store.path(HELLO)).rejects.toThrow(ArtifactMissing);
    await expect(store.read(HELLO)).rejects.toThrow(HELLO);
  });

  it('never takes a path for a digest', async () => {
    await expect(store.path('sha256:../../etc/passwd')).rejects.toThrow('64 digits');
  });
});

describe('a file that cannot be written to its end', () => {
  it('leaves nothing behind that would fill the disk', async () => {
    const taken = join(root, 'names', 'taken');
    await mkdir(join(taken, 'by a folder'), { recursive: true });
    await expect(writeDurably(taken, 'text')).rejects.toThrow();
    expect(await readdir(join(root, 'names'))).toEqual(['taken']);
  });
});

describe('the cache', () => {
  it('remembers the last digest of a key, whatever the key holds', async () => {
    const cache = new FilesCacheStore(join(root, 'caches'));
    const key = 'app/feature/../../x/npm\n';
    expect(await cache.lookup(key)).toBeUndefined();
    await cache.keep(key, HELLO);
    const other = `sha256:${'0'.repeat(64)}`;
    await cache.keep(key, other);
    expect(await new FilesCacheStore(join(root, 'caches')).lookup(key)).toBe(other);
    expect(await cache.lookup('app/main/npm')).toBeUndefined();
  });
});
