import { createHash } from 'node:crypto';
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Header } from 'tar';
import { ArchiveRefused, extractArchive, writeArchive } from './archive.js';
import { leavesFolder, selectFiles } from './selection.js';

let root: string;
let tree: string;
let out: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-archive-'));
  tree = join(root, 'tree');
  out = join(root, 'out');
  await mkdir(tree);
  await mkdir(out);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(files: Record<string, string>, folder = tree): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

async function archive(patterns: string[], name = 'a.tar'): Promise<string> {
  const { files } = await selectFiles(tree, patterns);
  const target = join(root, name);
  await writeArchive(tree, files, target);
  return target;
}

async function digest(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

async function selected(...patterns: string[]): Promise<string[]> {
  return (await selectFiles(tree, patterns)).files.map(({ path }) => path);
}

/** A tar file with exactly these entries, as no honest tool would write it. */
async function forged(
  entries: { path: string; type: string; linkpath?: string; size?: number; mode?: number }[],
) {
  const blocks = entries.map((entry) => {
    const header = new Header({ mode: 0o644, size: 0, mtime: new Date(0), ...entry } as never);
    header.encode();
    return header.block ?? Buffer.alloc(0);
  });
  const target = join(root, 'forged.tar');
  await writeFile(target, Buffer.concat([...blocks, Buffer.alloc(1024)]));
  return target;
}

describe('an archive', () => {
  it('has the same digest when names, contents and exec bits are the same', async () => {
    await write({ 'dist/b.js': 'b', 'dist/a.js': 'a', 'run.sh': '#!/bin/sh' });
    const before = await digest(await archive(['dist', 'run.sh'], '1.tar'));
    await rm(join(tree, 'dist'), { recursive: true });
    await write({ 'dist/a.js': 'a', 'dist/b.js': 'b' });
    await utimes(join(tree, 'dist/a.js'), 1, 1);
    await chmod(join(tree, 'dist/b.js'), 0o664);
    expect(await digest(await archive(['run.sh', 'dist'], '2.tar'))).toBe(before);
    await chmod(join(tree, 'run.sh'), 0o755);
    expect(await digest(await archive(['run.sh', 'dist'], '3.tar'))).not.toBe(before);
  });

  it('brings files, exec bits, empty folders and inner links back', async () => {
    await write({ 'app/lib.so.1': 'code', 'app/start': '#!/bin/sh' });
    await mkdir(join(tree, 'app/empty'));
    await chmod(join(tree, 'app/start'), 0o700);
    await symlink('lib.so.1', join(tree, 'app/lib.so'));
    await symlink('lib.so', join(tree, 'app/lib'));
    const { entries } = await extractArchive(await archive(['app']), out);
    expect(entries).toBe(6);
    expect(await readFile(join(out, 'app/lib'), 'utf8')).toBe('code');
    expect(await readlink(join(out, 'app/lib'))).toBe('lib.so');
    expect((await lstat(join(out, 'app/start'))).mode & 0o777).toBe(0o755);
    expect(await readdir(join(out, 'app/empty'))).toEqual([]);
  });

  it('keeps two names of one file as two files', async () => {
    await write({ 'one.txt': 'same' });
    await link(join(tree, 'one.txt'), join(tree, 'two.txt'));
    await extractArchive(await archive(['*.txt']), out);
    expect((await lstat(join(out, 'two.txt'))).nlink).toBe(1);
    expect(await readFile(join(out, 'two.txt'), 'utf8')).toBe('same');
  });

  it('takes names that look like options and archives of other tools', async () => {
    await write({ '@scope/x.js': '1', '-rf': '2', [`${'long/'.repeat(60)}name`]: '3' });
    await extractArchive(await archive(['.']), out);
    expect((await readdir(out)).sort()).toEqual(['-rf', '@scope', 'long']);
  });

  it('is unpacked over files that are there, without following their links', async () => {
    await write({ 'conf/a': 'new' });
    await write({ secret: 'untouched', 'out/conf/other': 'stays' }, root);
    await symlink(join(root, 'secret'), join(out, 'conf/a'));
    await extractArchive(await archive(['conf']), out);
    expect(await readFile(join(out, 'conf/a'), 'utf8')).toBe('new');
    expect(await readFile(join(root, 'secret'), 'utf8')).toBe('untouched');
    expect(await readFile(join(out, 'conf/other'), 'utf8')).toBe('stays');
  });

  it.each([
    ['a file through a link', { 'deep/key': 'mine' }],
    ['a link through a link', { 'deep/target': '' }],
  ])('refuses %s that the workspace holds', async (_what, files) => {
    await write(files as Record<string, string>);
    if ('deep/target' in files) await symlink('target', join(tree, 'deep/link'));
    await mkdir(join(root, 'outside'));
    await symlink(join(root, 'outside'), join(out, 'deep'));
    await expect(extractArchive(await archive(['deep/**']), out)).rejects.toThrow(ArchiveRefused);
    expect(await readdir(join(root, 'outside'))).toEqual([]);
  });

  it.each([
    ['..', { path: '../evil', type: 'File' }],
    ['.. in the middle', { path: 'a/../../evil', type: 'File' }],
    ['an absolute path', { path: '/tmp/evil', type: 'File' }],
    ['a link out', { path: 'l', type: 'SymbolicLink', linkpath: '../../etc' }],
    ['an absolute link', { path: 'l', type: 'SymbolicLink', linkpath: '/etc' }],
    ['a link that climbs late', { path: 'a/l', type: 'SymbolicLink', linkpath: '../b/../..' }],
    ['a hard link', { path: 'l', type: 'Link', linkpath: '/etc/passwd' }],
    ['a device', { path: 'd', type: 'CharacterDevice' }],
    ['a pipe', { path: 'p', type: 'FIFO' }],
    ['too much', { path: 'big', type: 'File', size: 9_000_000_000 }],
  ] as const)('refuses %s', async (_what, entry) => {
    const file = await forged([{ path: 'fine', type: 'File' }, entry]);
    await expect(extractArchive(file, out)).rejects.toThrow(ArchiveRefused);
    expect((await readdir(root)).sort()).toEqual(['forged.tar', 'out', 'tree']);
    expect(await readdir(out)).not.toContain(entry.path);
  });

  it('gives nobody the rights of somebody else', async () => {
    const file = await forged([
      { path: 'file', type: 'File', mode: 0o6755 },
      { path: 'folder', type: 'Directory', mode: 0o3755 },
    ]);
    await extractArchive(file, out);
    for (const path of ['file', 'folder']) {
      expect((await lstat(join(out, path))).mode & 0o7000).toBe(0);
    }
  });

  it('takes names with line ends and escape sequences as they are', async () => {
    await write({ 'a\nb\u001b[31m': 'odd' });
    await extractArchive(await archive(['.']), out);
    expect(await readdir(out)).toEqual(['a\nb\u001b[31m']);
  });

  it('refuses a link in the place of a folder', async () => {
    const file = await forged([
      { path: 'x', type: 'SymbolicLink', linkpath: 'y' },
      { path: 'x', type: 'File' },
      { path: 'x', type: 'Directory' },
    ]);
    await expect(extractArchive(file, out)).rejects.toThrow(ArchiveRefused);
  });

  it('refuses a file below a link of the same archive', async () => {
    const file = await forged([
      { path: 'd', type: 'SymbolicLink', linkpath: 'elsewhere' },
      { path: 'd/x', type: 'File' },
    ]);
    await expect(extractArchive(file, out)).rejects.toThrow(ArchiveRefused);
  });

  it('refuses bytes that are no archive', async () => {
    await write({ 'junk.tar': 'this is not a tar file'.repeat(100) });
    await expect(extractArchive(join(tree, 'junk.tar'), out)).rejects.toThrow(ArchiveRefused);
  });
});

describe('a selection', () => {
  it('takes plain paths, folders and globs, each file once, sorted', async () => {
    await write({
      'dist/main.js': '',
      'dist/sub/.hidden': '',
      'a.md': '',
      'b.md': '',
      'c.txt': '',
    });
    expect(await selected('./dist/', '*.md', 'a.md')).toEqual([
      'a.md',
      'b.md',
      'dist',
      'dist/main.js',
      'dist/sub',
      'dist/sub/.hidden',
    ]);
    expect(await selected('dist/**/*.js')).toEqual(['dist/main.js']);
    expect((await selectFiles(tree, ['*.md', 'a.md', '{a,b}.md'])).missing).toEqual([]);
  });

  it('takes a name with glob characters literally when there is such a file', async () => {
    await write({ 'pages/[id]/page.js': '', 'pages/i/page.js': '' });
    expect(await selected('pages/[id]/page.js')).toEqual(['pages/[id]/page.js']);
  });

  it('gives up on patterns that are written to take for ever', async () => {
    const costly = `{${Array(60).fill('*a').join(',')}}${'a'.repeat(120)}b`;
    const names = Array.from({ length: 20 }, (_, i) => `${'a'.repeat(245)}${i}`);
    await write(Object.fromEntries(names.map((name) => [name, ''])));
    const { refused, files } = await selectFiles(tree, [costly, '*a19']);
    expect(refused).toEqual([expect.stringContaining('take too long to compare')]);
    expect(files).toHaveLength(1);
  });

  it('says which patterns match nothing', async () => {
    await write({ 'a.md': '' });
    const { missing } = await selectFiles(tree, ['a.md', 'dist', '*.exe', 'a.md/x']);
    expect(missing).toEqual(['dist', '*.exe', 'a.md/x']);
  });

  it('never takes the .git folder', async () => {
    await write({ '.git/config': '', '.gitignore': '' });
    expect(await selected('.', '.git', '**')).toEqual(['.gitignore']);
  });

  it('refuses what is outside, by path or by link', async () => {
    await write({ 'd/x': '' });
    await symlink('/etc', join(tree, 'etc'));
    await symlink('../..', join(tree, 'd/up'));
    const { refused, files } = await selectFiles(tree, ['../x', '/etc', 'etc/passwd', 'd', 'e*/*']);
    expect(refused).toHaveLength(4);
    expect(refused[2]).toContain('goes through the link "etc"');
    expect(files.map(({ path }) => path)).not.toContain('etc/passwd');
  });

  it.each([
    ['a/b', '../c', false],
    ['a/b', '../../c', true],
    ['b', 'x/../../c', true],
    ['b', 'x/../c', true],
    ['b', '.', false],
    ['b', '/x', true],
  ])('link %s to %s leaves the folder: %s', (path, target, leaves) => {
    expect(leavesFolder(path, target)).toBe(leaves);
  });
});
