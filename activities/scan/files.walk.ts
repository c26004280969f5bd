/** Walks a hostile folder: plain files only, no links, within limits. */
import type { Dirent } from 'node:fs';
import { opendir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** Files that one scan looks at; the rest is left out, and said so. */
export const MAX_FILES = 50_000;
/** Folders inside folders. */
const MAX_DEPTH = 50;

export interface Walk {
  /** Paths relative to the folder, with `/`, sorted. */
  paths: string[];
  /** True when the folder holds more than the limits allow. */
  isCut: boolean;
}

/**
 * Every plain file below `folder` that `wants` takes. `enters` says which folders are looked into
 * (path relative to `folder`); `.git` never is.
 */
export async function walk(
  folder: string,
  wants: (path: string) => boolean,
  enters: (path: string) => boolean,
): Promise<Walk> {
  const found: Walk = { paths: [], isCut: false };
  await visit(folder, 0);
  found.paths.sort();
  return found;

  async function visit(at: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) {
      found.isCut = true;
      return;
    }
    for await (const entry of await opendir(at)) {
      if (found.paths.length >= MAX_FILES) {
        found.isCut = true;
        return;
      }
      await take(entry, join(at, entry.name), depth);
    }
  }

  async function take(entry: Dirent, at: string, depth: number): Promise<void> {
    const path = relative(folder, at).split(sep).join('/');
    if (entry.isFile() && wants(path)) found.paths.push(path);
    if (entry.isDirectory() && entry.name !== '.git' && enters(path)) await visit(at, depth + 1);
  }
}

/** The real place of `path` in `folder`; undefined when there is none, or it lies outside. */
export async function inside(folder: string, path: string): Promise<string | undefined> {
  const root = await realpath(folder);
  const place = await realpath(join(root, path)).catch(() => undefined);
  return place?.startsWith(root + sep) ? place : undefined;
}
