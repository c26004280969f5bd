import { execFileSync } from 'node:child_process';
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { GitSource } from './git.adapter.js';
import { createSourceActivities } from './source.activities.js';

let root: string;
let source: GitSource;
let author: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-source-'));
  author = join(root, 'author');
  await mkdir(join(root, 'git'));
  await mkdir(author);
  git(root, 'init', '--quiet', '--bare', '--initial-branch=main', 'git/app.git');
  git(author, 'init', '--quiet', '--initial-branch=main');
  source = new GitSource({
    repositories: join(root, 'git'),
    templates: join(root, 'work/templates'),
  });
});
afterEach(async () => {
  await source.close();
  await rm(root, { recursive: true, force: true });
});

function git(folder: string, ...args: string[]): string {
  const env = {
    PATH: process.env['PATH'] ?? '',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    HOME: root,
  };
  const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
  return execFileSync('git', [...who, ...args], { cwd: folder, env, encoding: 'utf8' }).trim();
}

async function push(files: Record<string, string>, subject = 'change'): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(author, path, '..'), { recursive: true });
    await writeFile(join(author, path), text);
  }
  git(author, 'add', '--all');
  git(author, 'commit', '--quiet', '--allow-empty', '-m', subject);
  git(author, 'push', '--quiet', '--force', '--tags', join(root, 'git/app.git'), 'HEAD:main');
  return git(author, 'rev-parse', 'HEAD');
}

async function checkout(commit: string, name = 'tree'): Promise<string> {
  const folder = join(root, name);
  await source.checkout({ repository: 'app', commit, folder });
  return folder;
}

describe('a checkout', () => {
  it('holds the files of the commit, exec bits and links included, as a usable work tree', async () => {
    git(author, 'config', 'core.symlinks', 'true');
    execFileSync('ln', ['-s', 'bin/run', join(author, 'start')]);
    await mkdir(join(author, 'bin'));
    await writeFile(join(author, 'bin/run'), '#!/bin/sh', { mode: 0o755 });
    const first = await push({ 'README.md': 'one' }, 'first');
    git(author, 'tag', '-a', '-m', 'release', 'v1.0');
    await push({ 'README.md': 'two' }, 'second');

    const tree = await checkout(first);
    expect(await readFile(join(tree, 'README.md'), 'utf8')).toBe('one');
    expect((await lstat(join(tree, 'bin/run'))).mode & 0o111).not.toBe(0);
    expect(await readlink(join(tree, 'start'))).toBe('bin/run');
    expect(git(tree, 'status', '--porcelain')).toBe('');
    expect(git(tree, 'describe', '--tags')).toBe('v1.0');
    expect(git(tree, 'log', '--format=%s', 'origin/main')).toBe('second\nfirst');
    git(tree, 'commit', '--quiet', '--allow-empty', '-m', 'mine');
    expect(git(tree, 'rev-parse', 'HEAD^')).toBe(first);
  });

  it('is nobody else’s: changing one copy changes no other', async () => {
    const commit = await push({ 'a.txt': 'original' });
    const copies = await Promise.all(['x', 'y', 'z'].map((name) => checkout(commit, name)));
    await writeFile(join(copies[0]!, 'a.txt'), 'changed');
    expect(await readFile(join(copies[1]!, 'a.txt'), 'utf8')).toBe('original');
    for (const copy of copies) expect((await lstat(join(copy, 'a.txt'))).nlink).toBe(1);
    const later = await checkout(commit, 'later');
    expect(await readFile(join(later, 'a.txt'), 'utf8')).toBe('original');
  });

  it('copies large trees just as well', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [`d${i % 7}/f${i}.txt`, String(i)]),
    );
    const commit = await push({ ...many, '.hidden': 'x' });
    const [one, two] = await Promise.all([checkout(commit, 'one'), checkout(commit, 'two')]);
    expect(await readFile(join(one, 'd6/f398.txt'), 'utf8')).toBe('398');
    expect(git(two, 'status', '--porcelain')).toBe('');
    expect((await readdir(join(root, 'work/templates'))).length).toBe(1);
    await source.close();
    expect(await readdir(join(root, 'work/templates'))).toEqual([]);
  });

  it('runs no hook and no filter of the repository', async () => {
    const hook = join(root, 'git/app.git/hooks/post-checkout');
    await writeFile(hook, `#!/bin/sh\ntouch ${join(root, 'pwned')}\n`, { mode: 0o755 });
    git(join(root, 'git/app.git'), 'config', 'filter.evil.smudge', `touch ${join(root, 'pwned')}`);
    await checkout(await push({ 'a.txt': 'x', '.gitattributes': '* filter=evil' }));
    expect(await readdir(root)).not.toContain('pwned');
  });

  it('says that a commit is missing, and does not try again', async () => {
    await push({ 'a.txt': 'x' });
    const commit = '0123456789012345678901234567890123456789';
    await expect(checkout(commit)).rejects.toMatchObject({
      type: 'StepErrored',
      nonRetryable: true,
      message: expect.stringContaining('has no commit 0123456'),
    });
    await expect(
      source.checkout({ repository: 'gone', commit, folder: join(root, 'gone') }),
    ).rejects.toMatchObject({ type: 'StepErrored', message: expect.stringContaining('"gone"') });
  });

  it('works again once the commit is there', async () => {
    await push({ 'a.txt': 'x' });
    git(author, 'commit', '--quiet', '--allow-empty', '-m', 'late');
    const late = git(author, 'rev-parse', 'HEAD');
    await expect(checkout(late)).rejects.toThrow('has no commit');
    git(author, 'push', '--quiet', join(root, 'git/app.git'), 'HEAD:main');
    expect(await readFile(join(await checkout(late), 'a.txt'), 'utf8')).toBe('x');
  });
});

describe('a used checkout', () => {
  it('is pristine while it is only read, and never again once git wrote to it', async () => {
    const tree = await checkout(await push({ 'a/b.txt': 'x' }));
    git(tree, '--no-optional-locks', 'log');
    expect(source.isPristine(tree)).toBe(true);
    git(tree, 'tag', 'mine');
    expect(source.isPristine(tree)).toBe(false);
    git(tree, 'tag', '--delete', 'mine');
    expect(source.isPristine(tree)).toBe(false);
  });
});

describe('what changed', () => {
  function summarise(commit: string, comparedTo: string | null) {
    const { summariseChange } = createSourceActivities(source);
    const input = { repository: 'app', commit, comparedTo };
    return new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(
      summariseChange,
      input,
    );
  }

  it('lists the commits and counts the lines between two releases', async () => {
    const first = await push({ 'a.txt': '1\n2\n3\n' }, 'first');
    await push({ 'b "quoted"\tname.txt': 'x\n' }, 'second');
    const third = await push({ 'a.txt': '1\n3\n', 'logo.png': '\0\0' }, 'third: ü');
    const { commits, change } = (await summarise(third, first)) as Awaited<
      ReturnType<GitSource['summarise']>
    >;
    expect(commits.map(({ author: by, subject }) => [by, subject])).toEqual([
      ['Ada', 'third: ü'],
      ['Ada', 'second'],
    ]);
    expect(change).toEqual({
      files: 3,
      insertions: 1,
      deletions: 1,
      paths: ['a.txt', 'b "quoted"\tname.txt', 'logo.png'],
    });
  });

  it('compares with the first parent, or with nothing for a first commit', async () => {
    const first = await push({ 'a.txt': 'x\n' }, 'first');
    const second = await push({ 'b.txt': 'x\n' }, 'second');
    expect(await summarise(second, null)).toMatchObject({
      commits: [{ subject: 'second' }],
      change: { files: 1, paths: ['b.txt'] },
    });
    expect(await summarise(first, null)).toMatchObject({
      commits: [{ subject: 'first' }],
      change: { files: 1, insertions: 1 },
    });
  });

  it('shows everything when the earlier release is gone from the repository', async () => {
    await push({ 'a.txt': 'x\n' }, 'first');
    const second = await push({ 'b.txt': 'x\n' }, 'second');
    expect(await summarise(second, 'f'.repeat(40))).toMatchObject({
      commits: [{ subject: 'second' }, { subject: 'first' }],
      change: { files: 2 },
    });
  });

  it('keeps its limits on a huge change', async () => {
    const first = await push({ 'a.txt': 'x' });
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`f${i}`, 'x\n']));
    const { change } = (await summarise(await push(many), first)) as Awaited<
      ReturnType<GitSource['summarise']>
    >;
    expect(change.files).toBe(150);
    expect(change.paths).toHaveLength(100);
  });

  it('says that the commit itself is missing', async () => {
    await push({ 'a.txt': 'x' });
    await expect(summarise('f'.repeat(40), null)).rejects.toThrow('has no commit fffffff');
  });
});
