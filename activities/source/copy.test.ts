import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Copy } from './copy.js';
import { treeOf } from './tree.js';

let root: string;
let copy: Copy;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-copy-'));
  await mkdir(join(root, 'a'));
  await writeFile(join(root, 'a/b.txt'), 'x');
  await writeFile(join(root, 'run.sh'), 'y');
  await symlink('run.sh', join(root, 'start'));
  copy = new Copy((await treeOf(root))!, root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Until changes cannot hide in the tick of the file system's clock that the files were made in. */
async function settle(): Promise<void> {
  await pause(150);
  expect(copy.isPristine()).toBe(true);
}

const CHANGES: [string, () => Promise<unknown>][] = [
  ['a file was changed, to the same size', () => writeFile(join(root, 'a/b.txt'), 'z')],
  ['a file was added', () => writeFile(join(root, 'a/new'), '')],
  ['a file was removed', () => rm(join(root, 'a/b.txt'))],
  ['a mode was changed', () => chmod(join(root, 'run.sh'), 0o755)],
  ['a folder was locked', () => chmod(join(root, 'a'), 0o500)],
  ['a hard link was made', () => link(join(root, 'run.sh'), join(root, 'linked'))],
  ['a file became another with the same words', () => replaced('run.sh', 'y')],
  ['a link points elsewhere', () => relinked()],
  ['a folder became a link', () => swapped()],
  ['all of it is gone', () => rm(root, { recursive: true })],
];

async function replaced(name: string, text: string): Promise<void> {
  await writeFile(join(root, 'other'), text);
  await rename(join(root, 'other'), join(root, name));
}

async function relinked(): Promise<void> {
  await unlink(join(root, 'start'));
  await symlink('a/b.tx', join(root, 'start'));
}

async function swapped(): Promise<void> {
  await rename(join(root, 'a'), `${root}-elsewhere`);
  await symlink(`${root}-elsewhere`, join(root, 'a'));
  await rm(`${root}-elsewhere`, { recursive: true });
}

describe('a copy', () => {
  it('is pristine while it is only read, again and again', async () => {
    for (let use = 0; use < 3; use++) {
      await readFile(join(root, 'a/b.txt'), 'utf8');
      await settle();
    }
  });

  it.each(CHANGES)('is not when %s right after it was made', async (_what, change) => {
    await change();
    expect(copy.isPristine()).toBe(false);
  });

  it.each(CHANGES)('is not when %s later', async (_what, change) => {
    await settle();
    await settle();
    await change();
    expect(copy.isPristine()).toBe(false);
  });
});
