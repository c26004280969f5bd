/** Which files of a folder a list of paths and globs means. Looks, and never follows a link. */
import type { Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { fixedFolderOf, isGlob, Patterns, TooCostly } from '../../workflows/pipeline/glob.js';
import { SlipwayError } from '../platform/errors.js';

/** Entries of one archive. */
export const MAX_ARCHIVE_ENTRIES = 500_000;
/** Folders and files that a glob may walk over. */
const MAX_WALKED = 2_000_000;

/** The paths mean more files than one archive may have. */
export class TooManyFiles extends SlipwayError {
  override readonly code = 'too-many-files';
  constructor(limit: number) {
    super(`the paths mean more than ${limit} files`, 'Name fewer paths.');
  }
}

export interface SelectedFile {
  /** Relative to the folder, with `/`. */
  path: string;
  stats: Stats;
}

export interface Selection {
  /** Sorted by path; a selected folder brings everything below it. Never the folder's `.git`. */
  files: SelectedFile[];
  /** Patterns that match nothing. */
  missing: string[];
  /** Patterns and links that lead out of the folder, and costly patterns, each with its reason. */
  refused: string[];
}

/**
 * Selects files, folders and symbolic links by `patterns`: plain paths, or globs where no file has
 * that very name. Sockets, pipes and devices are left out. The globs are those of the pipeline file:
 * as regular expressions, hostile ones would hold up the whole worker.
 *
 * @throws {TooManyFiles}
 */
export async function selectFiles(folder: string, patterns: string[]): Promise<Selection> {
  const selection = new Selector(folder);
  for (const pattern of patterns) await selection.add(pattern);
  return selection.finish();
}

class Selector {
  private readonly found = new Map<string, Stats>();
  private readonly missing: string[] = [];
  private readonly refused: string[] = [];
  private walked = 0;

  constructor(private readonly folder: string) {}

  async add(pattern: string): Promise<void> {
    const path = posix.normalize(pattern).replace(/\/$/, '');
    if (posix.isAbsolute(path) || path === '..' || path.startsWith('../')) {
      this.refused.push(`"${pattern}" is not below the workspace; name paths relative to it`);
      return;
    }
    const before = this.found.size;
    const link = await linkOnTheWay(this.folder, path);
    if (link !== undefined) {
      this.refused.push(`"${pattern}" goes through the link "${link}"; name what it points at`);
      return;
    }
    const stats = await look(join(this.folder, path));
    try {
      if (stats) await this.take(path, stats);
      else await this.takeMatches(path);
      if (this.found.size === before && !this.has(path)) this.missing.push(pattern);
    } catch (error) {
      if (!(error instanceof TooCostly)) throw error;
      this.refused.push(`"${pattern}": ${error.message}`);
    }
  }

  async finish(): Promise<Selection> {
    const files = [...this.found]
      .map(([path, stats]) => ({ path, stats }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const { path, stats } of files) {
      if (stats.isSymbolicLink()) await this.checkLink(path);
    }
    return { files, missing: this.missing, refused: this.refused };
  }

  /** True when an earlier pattern took what this one means. */
  private has(path: string): boolean {
    if (!isPattern(path)) return this.found.has(path);
    const patterns = new Patterns([path]);
    return [...this.found.keys()].some((each) => patterns.matching(each) !== undefined);
  }

  private async take(path: string, stats: Stats): Promise<void> {
    if (path === '.git' || path.startsWith('.git/')) return;
    if (!stats.isDirectory()) {
      if (stats.isFile() || stats.isSymbolicLink()) this.keep(path, stats);
      return;
    }
    if (path !== '.') this.keep(path, stats);
    for await (const [below, found] of this.walk(path)) {
      if (found.isFile() || found.isSymbolicLink() || found.isDirectory()) this.keep(below, found);
    }
  }

  private async takeMatches(glob: string): Promise<void> {
    if (!isPattern(glob)) return;
    const start = fixedFolderOf(glob) || '.';
    if ((await linkOnTheWay(this.folder, `${start}/x`)) !== undefined) return;
    if (!(await look(join(this.folder, start)))?.isDirectory()) return;
    const patterns = new Patterns([glob]);
    for await (const [path, stats] of this.walk(start)) {
      if (patterns.matching(path) !== undefined && !this.found.has(path))
        await this.take(path, stats);
    }
  }

  private async *walk(start: string): AsyncGenerator<[path: string, stats: Stats]> {
    const pending = [start];
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      for (const name of await readdir(join(this.folder, folder))) {
        const path = folder === '.' ? name : `${folder}/${name}`;
        if (path === '.git') continue;
        if (++this.walked > MAX_WALKED) {
          throw new TooManyFiles(MAX_WALKED);
        }
        const stats = await look(join(this.folder, path));
        if (!stats) continue;
        if (stats.isDirectory()) pending.push(path);
        yield [path, stats];
      }
    }
  }

  private keep(path: string, stats: Stats): void {
    if (this.found.size >= MAX_ARCHIVE_ENTRIES) {
      throw new TooManyFiles(MAX_ARCHIVE_ENTRIES);
    }
    this.found.set(path, stats);
  }

  private async checkLink(path: string): Promise<void> {
    const target = await readlink(join(this.folder, path));
    if (leavesFolder(path, target)) {
      this.refused.push(`"${path}" is a link to "${target}", which leads out of the workspace`);
    }
  }
}

function isPattern(path: string): boolean {
  return /[*?{]/.test(path) && isGlob(path);
}

/** The first folder on the way to `path`, below `folder`, that is a link. */
export async function linkOnTheWay(folder: string, path: string): Promise<string | undefined> {
  const parts = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= parts.length; depth++) {
    const part = parts.slice(0, depth).join('/');
    if ((await look(join(folder, part)))?.isSymbolicLink()) return part;
  }
  return undefined;
}

/**
 * True unless following the link at `path` stays in the folder whatever other links it meets: `..`
 * may only come first, and no more often than the link is deep.
 */
export function leavesFolder(path: string, target: string): boolean {
  if (target === '' || posix.isAbsolute(target)) return true;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const ups = parts.findIndex((part) => part !== '..');
  const leading = ups === -1 ? parts.length : ups;
  const depth = path.split('/').length - 1;
  return leading > depth || parts.slice(leading).includes('..');
}

async function look(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    throw error;
  }
}
