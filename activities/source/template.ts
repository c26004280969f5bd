/**
 * A template is one commit checked out once per process, from which steps get their own copies.
 *
 * Measured for 40 files: `fs.cp` 33 ms of CPU, `copyFile` each 6 ms, writing them from memory 3 ms,
 * `cp -a` 1 ms of ours and 7 ms of another process. So small templates live in memory, and large ones
 * in a folder that `cp` copies, by reference where the file system can.
 */
import { execFile } from 'node:child_process';
import { lchownSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Copy } from './copy.js';
import { git } from './git.js';
import { checkSize } from './size.js';
import { type Tree, treeOf } from './tree.js';

const run = promisify(execFile);

/** Longest time of one copy, milliseconds. */
const COPY_LIMIT_MS = 600_000;

export interface Template {
  /** Memory that it holds. */
  bytes: number;
  /** Makes `folder`, which must not exist, a copy of the template; says how to compare it later. */
  copyTo(folder: string): Promise<Copy | undefined>;
  /** Frees what it holds, after the copies that are under way. */
  remove(): Promise<void>;
}

/** Whose the files of checkouts are; undefined: this process's own user. */
export type Owner = { uid: number; gid: number } | undefined;

/**
 * Checks `commit` of the bare repository out at `folder`, which must not exist.
 *
 * @throws {CommitTooLarge}
 */
export async function makeTemplate(
  bare: string,
  commit: string,
  folder: string,
  owner: Owner,
): Promise<Template> {
  try {
    const fits = checkSize(bare, commit);
    fits.catch(() => {}); // Awaited when the folder is written, so that nobody writes to it any more.
    await writeGitFolder(bare, commit, folder);
    await fits;
    await git(folder, ['reset', '--hard', '--quiet']);
    const tree = await treeOf(folder);
    if (tree === undefined) {
      if (owner) await run('chown', ['-Rh', `${owner.uid}:${owner.gid}`, '--', folder]);
      return new FolderTemplate(folder);
    }
    await rm(folder, { recursive: true });
    return new MemoryTemplate(tree, owner);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** What `git clone --shared` makes, with one process instead of three and no way back to the origin. */
async function writeGitFolder(bare: string, commit: string, folder: string): Promise<void> {
  const dotGit = join(folder, '.git');
  await mkdir(join(dotGit, 'objects/info'), { recursive: true });
  await mkdir(join(dotGit, 'refs'));
  const refs = await git(bare, ['for-each-ref', REF_LINE, 'refs/heads/', 'refs/tags/']);
  const files = {
    HEAD: `${commit}\n`,
    config: CONFIG,
    'packed-refs': refs.replaceAll(' refs/heads/', ' refs/remotes/origin/'),
    'objects/info/alternates': `${join(bare, 'objects')}\n`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dotGit, name), text);
}

const REF_LINE = '--format=%(objectname) %(refname)';

/** Times and inodes of a copy differ from the template's: git must look at contents. */
const CONFIG = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
\tcheckStat = minimal
\ttrustctime = false
[gc]
\tauto = 0
`;

class MemoryTemplate implements Template {
  readonly bytes: number;
  /** Folders by depth: each level can be made at once. */
  private readonly levels: string[][] = [];

  constructor(
    private readonly tree: Tree,
    private readonly owner: Owner,
  ) {
    this.bytes = tree.files.reduce((sum, { content }) => sum + content.length, 1_024);
    for (const folder of tree.folders) {
      const depth = folder === '' ? 0 : folder.split('/').length;
      const level = this.levels[depth];
      if (level) level.push(folder);
      else this.levels[depth] = [folder];
    }
  }

  async copyTo(root: string): Promise<Copy> {
    for (const level of this.levels) {
      await Promise.all(level.map((folder) => mkdir(join(root, folder))));
    }
    await Promise.all([
      ...this.tree.files.map(({ path, mode, content }) =>
        writeFile(join(root, path), content, { mode, flag: 'wx' }),
      ),
      ...this.tree.links.map(({ path, target }) => symlink(target, join(root, path))),
    ]);
    if (this.owner) handOver(this.tree, root, this.owner);
    return new Copy(this.tree, root);
  }

  async remove(): Promise<void> {}
}

/** Synchronous on purpose: their inodes are in memory. */
function handOver({ folders, files, links }: Tree, root: string, { uid, gid }: NonNullable<Owner>) {
  for (const path of folders) lchownSync(join(root, path), uid, gid);
  for (const { path } of [...files, ...links]) lchownSync(join(root, path), uid, gid);
}

class FolderTemplate implements Template {
  readonly bytes = 1_024;
  private readonly copies = new Set<Promise<unknown>>();

  constructor(private readonly folder: string) {}

  async copyTo(folder: string): Promise<undefined> {
    const reflink = process.platform === 'linux' ? ['--reflink=auto'] : [];
    const copy = run('cp', ['-a', ...reflink, '--', this.folder, folder], {
      timeout: COPY_LIMIT_MS,
    });
    this.copies.add(copy);
    try {
      await copy;
    } finally {
      this.copies.delete(copy);
    }
  }

  async remove(): Promise<void> {
    await Promise.allSettled(this.copies);
    await rm(this.folder, { recursive: true, force: true });
  }
}
