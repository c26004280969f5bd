import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GitSource } from './git.adapter.js';
import { CommitTooLarge, checkSize } from './size.js';

let root: string;
let bare: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-size-'));
  bare = join(root, 'app.git');
  execFileSync('git', ['init', '--quiet', '--bare', bare]);
});
afterEach(() => rm(root, { recursive: true, force: true }));

function git(args: string[], input = ''): string {
  const who = ['-c', 'user.name=Eve', '-c', 'user.email=eve@example.org'];
  return execFileSync('git', [...who, '-C', bare, ...args], { input, encoding: 'utf8' }).trim();
}
const blob = (text: string): string => git(['hash-object', '-w', '--stdin'], text);
const tree = (...entries: string[]): string => git(['mktree', '--missing'], entries.join(''));
const commit = (root: string): string => git(['commit-tree', root, '-m', 'x']);

/** Folders in folders, each ten times the same one. */
function bomb(depth: number): string {
  const names = Array.from({ length: 10 }, (_, i) => i);
  const file = blob('x');
  let below = tree(...names.map((i) => `100644 blob ${file}\tf${i}\n`));
  for (let level = 1; level < depth; level++) {
    const inner = below;
    below = tree(...names.map((i) => `040000 tree ${inner}\td${i}\n`));
  }
  return commit(below);
}

describe('the size of a commit', () => {
  it('is fine up to the limits', async () => {
    await checkSize(bare, bomb(3), { files: 1_000, bytes: 1_000 });
  });

  it.each([
    ['files', { files: 999, bytes: 1_000 }, 'more than 999 files'],
    ['bytes', { files: 1_000, bytes: 999 }, 'more than 999 bytes'],
  ])('is refused above the limit of %s', async (_what, limits, why) => {
    await expect(checkSize(bare, bomb(3), limits)).rejects.toThrow(CommitTooLarge);
    await expect(checkSize(bare, bomb(3), limits)).rejects.toThrow(why);
  });

  it('counts names with line ends and links to other repositories as entries', async () => {
    const file = blob('12345');
    const odd = tree(`100644 blob ${file}\t"a\\nb"\n`, `160000 commit ${'a'.repeat(40)}\tmodule\n`);
    await expect(checkSize(bare, commit(odd), { files: 2, bytes: 4 })).rejects.toThrow('4 bytes');
    await checkSize(bare, commit(odd), { files: 2, bytes: 5 });
  });

  it('is looked at before anything is unpacked, compared or tried again', async () => {
    const source = new GitSource({ repositories: root, templates: join(root, 'work') });
    const at = { repository: 'app', commit: bomb(10) };
    const refusal = { type: 'StepErrored', nonRetryable: true };
    await expect(source.checkout({ ...at, folder: join(root, 'tree') })).rejects.toMatchObject(
      refusal,
    );
    await expect(source.summarise({ ...at, comparedTo: null })).rejects.toMatchObject(refusal);
    await source.close();
  });
});
