import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Header, Pax } from 'tar';
import { ArchiveRefused, extractArchive, writeArchive } from './archive.js';
import { selectFiles } from './selection.js';

// Any bytes that call themselves an archive: unpacked or refused, and nothing else in the world changed.

let root: string;
/** An honest archive: a file, a program, a folder, a link and a long name. */
let honest: Buffer;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-archives-'));
  const tree = join(root, 'tree');
  await mkdir(join(tree, 'd/empty'), { recursive: true });
  await writeFile(join(tree, 'd/file'), 'content');
  await writeFile(join(tree, 'run'), '#!/bin/sh', { mode: 0o755 });
  await mkdir(join(tree, 'long/'.repeat(40)), { recursive: true });
  await symlink('file', join(tree, 'd/link'));
  const { files } = await selectFiles(tree, ['.']);
  await writeArchive(tree, files, join(root, 'honest.tar'));
  honest = await readFile(join(root, 'honest.tar'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Unpacks beside a canary; what was refused and how, and every path that is not where it should be. */
async function unpacked(bytes: Uint8Array): Promise<unknown[]> {
  const world = await mkdtemp(join(root, 'world-'));
  const out = join(world, 'out');
  await mkdir(out);
  await mkdir(join(world, 'canary'));
  await writeFile(join(world, 'canary/file'), 'untouched');
  await writeFile(join(world, 'a.tar'), bytes);
  const wrong: unknown[] = [];
  await extractArchive(join(world, 'a.tar'), out).catch((error: unknown) => {
    if (!(error instanceof ArchiveRefused)) wrong.push(error);
  });
  const around = (await readdir(world, { recursive: true })).filter(
    (path) => !path.startsWith('out/'),
  );
  if (around.sort().join() !== 'a.tar,canary,canary/file,out') wrong.push(around);
  const canary = await lstat(join(world, 'canary/file'));
  if (canary.size !== 9 || canary.nlink !== 1) wrong.push('the canary was changed');
  wrong.push(...(await leaving(out)));
  await rm(world, { recursive: true, force: true });
  return wrong;
}

async function leaving(out: string): Promise<string[]> {
  const found: string[] = [];
  for (const path of await readdir(out, { recursive: true })) {
    const full = join(out, path);
    const stats = await lstat(full);
    const isPlain = stats.isFile() || stats.isDirectory() || stats.isSymbolicLink();
    if (!isPlain || (stats.mode & 0o7000) !== 0) found.push(`${path} is special`);
    if (!stats.isSymbolicLink()) continue;
    const target = resolve(dirname(full), await readlink(full));
    if (target !== out && !target.startsWith(out + sep)) found.push(`${path} leads to ${target}`);
  }
  return found;
}

const name = fc.oneof(
  fc.constantFrom(
    'a',
    'd',
    'd/link',
    'd/link/x',
    'a/b',
    '.',
    './',
    '..',
    '../canary/file',
    '/etc/x',
    'a//b',
  ),
  fc.constantFrom(
    'a/../../canary/file',
    'C:\\x',
    '\\\\host\\x',
    'a\0b',
    ' ',
    '-rf',
    '.git/hooks/x',
    'x/',
  ),
  fc
    .array(fc.constantFrom('a', 'd', '..', '.', ''), { maxLength: 6 })
    .map((parts) => parts.join('/')),
  fc.string({ maxLength: 300 }),
);
const type = fc.constantFrom(
  'File',
  'OldFile',
  'ContiguousFile',
  'Link',
  'SymbolicLink',
  'CharacterDevice',
  'BlockDevice',
  'Directory',
  'FIFO',
  'GNUDumpDir',
  'NextFileHasLongPath',
  'NextFileHasLongLinkpath',
  'ExtendedHeader',
  'GlobalExtendedHeader',
);
const size = fc.oneof(fc.constantFrom(0, 1, 512, 513, 2 ** 31, 2 ** 33, 2 ** 40), fc.nat(2_000));
const entry = fc
  .record({
    path: name,
    type,
    linkpath: name,
    size,
    mode: fc.nat(0o7777),
    body: fc.uint8Array({ maxLength: 700 }),
  })
  .map(({ body, ...fields }) => {
    const header = new Header({ mtime: new Date(0), uid: 0, gid: 0, ...fields } as never);
    header.encode();
    const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
    return Buffer.concat([header.block ?? Buffer.alloc(512), body, padding]);
  });
const pax = fc
  .record({ path: name, linkpath: name, size: fc.option(size, { nil: undefined }) })
  .map((fields) => new Pax(fields as never).encode());

const ends = Buffer.alloc(1_024);

describe('an archive made by somebody who means harm', () => {
  it('of entries of any kind, under any name, is unpacked inside or refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(entry, entry, pax), { maxLength: 6 }), async (entries) => {
        expect(await unpacked(Buffer.concat([...entries, ends]))).toEqual([]);
      }),
      { numRuns: 120 },
    );
  });

  it('that begins honestly is no more trusted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 3 }), async (entries) => {
        const bytes = Buffer.concat([honest.subarray(0, honest.length - 1_024), ...entries, ends]);
        expect(await unpacked(bytes)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('with any of its bytes changed, or cut anywhere, is unpacked inside or refused', async () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    const changes = fc.record({
      changed: fc.array(change, { maxLength: 8 }),
      cut: fc.option(fc.nat()),
    });
    await fc.assert(
      fc.asyncProperty(changes, async ({ changed, cut }) => {
        const bytes = Buffer.from(honest);
        for (const [at, byte] of changed) bytes[at % bytes.length] = byte;
        const whole = cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
        expect(await unpacked(whole)).toEqual([]);
      }),
      { numRuns: 80 },
    );
  });

  it('of any bytes at all is refused, or empty', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), async (bytes) => {
        expect(await unpacked(bytes)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
