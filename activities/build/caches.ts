/** Caches: files that a step finds again in the next run. A convenience: no cache ever fails a step. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { RunRef } from '../../workflows/domain/run.js';
import type { Cache } from '../../workflows/pipeline/plan.js';
import { extractArchive, writeArchive } from '../artifacts/archive.js';
import type { ArtifactStore, CacheStore } from '../artifacts/artifacts.ports.js';
import { selectFiles } from '../artifacts/selection.js';
import { wordsOf } from '../platform/errors.js';
import type { Workspace } from './workspace.js';

/** Whose caches every branch may read. */
const DEFAULT_BRANCH = 'main';

export interface CacheDeps {
  artifacts: ArtifactStore;
  caches: CacheStore;
}

export interface CacheScope {
  run: Pick<RunRef, 'repository' | 'branch'>;
  workspace: Pick<Workspace, 'tree' | 'scratch'>;
  /** One line, without its end. */
  say: (line: string) => void;
}

/** A cache whose key is known: `files` are hashed before the commands change them. */
export interface OpenCache {
  name: string;
  paths: string[];
  /** Where it is read from, best first, and where it is kept; null: this run keeps none. */
  reads: string[];
  keeps: string | null;
  /** The very key is kept already, and its `files` make it name the contents: no need to write. */
  isFresh: boolean;
}

/**
 * Unpacks the caches into the workspace. A branch reads its own, then the default branch's; it writes
 * its own only, so that what a branch stores is never met by another. Without a branch none is kept.
 */
export async function restoreCaches(
  deps: CacheDeps,
  scope: CacheScope,
  caches: Cache[],
): Promise<OpenCache[]> {
  const open: OpenCache[] = [];
  for (const cache of caches) open.push(await restore(deps, scope, cache));
  return open;
}

/** Keeps what is at the caches' paths now. Call it after the commands succeeded. */
export async function saveCaches(
  deps: CacheDeps,
  scope: CacheScope,
  caches: OpenCache[],
): Promise<void> {
  for (const cache of caches) {
    try {
      await save(deps, scope, cache);
    } catch (error) {
      scope.say(`cache "${cache.name}" is not kept: ${wordsOf(error)}`);
    }
  }
}

async function restore(deps: CacheDeps, scope: CacheScope, cache: Cache): Promise<OpenCache> {
  const { repository, branch } = scope.run;
  const hash = cache.files ? await hashOf(scope.workspace.tree, cache.files) : '';
  const keyOf = (of: string) => JSON.stringify([repository, of, cache.key, hash, cache.paths]);
  const branches = [...new Set([branch ?? DEFAULT_BRANCH, DEFAULT_BRANCH])];
  const open: OpenCache = {
    name: cache.key,
    paths: cache.paths,
    reads: branches.map(keyOf),
    keeps: branch === null ? null : keyOf(branch),
    isFresh: false,
  };
  for (const [index, key] of open.reads.entries()) {
    try {
      const digest = await deps.caches.lookup(key);
      if (digest === undefined || !(await deps.artifacts.has(digest))) continue;
      const { bytes } = await extractArchive(
        await deps.artifacts.path(digest),
        scope.workspace.tree,
      );
      scope.say(`cache "${cache.key}" restored from ${branches[index]} (${readable(bytes)})`);
      return { ...open, isFresh: cache.files !== undefined };
    } catch (error) {
      scope.say(`cache "${cache.key}" is not restored: ${wordsOf(error)}`);
    }
  }
  scope.say(`cache "${cache.key}" is empty`);
  return open;
}

async function save(deps: CacheDeps, scope: CacheScope, cache: OpenCache): Promise<void> {
  if (cache.isFresh || cache.keeps === null) return;
  const { tree, scratch } = scope.workspace;
  const { files, refused } = await selectFiles(tree, cache.paths);
  if (refused.length > 0) throw new Error(refused.join('; '));
  if (files.length === 0) {
    scope.say(`cache "${cache.name}" is not kept: its paths match nothing`);
    return;
  }
  const archive = join(scratch, 'cache.tar');
  await rm(archive, { force: true });
  await writeArchive(tree, files, archive);
  const { digest, bytes } = await deps.artifacts.putFile(archive);
  await deps.caches.keep(cache.keeps, digest);
  scope.say(`cache "${cache.name}" kept (${readable(bytes)})`);
}

/** Of the names and contents; a file that is not there counts as absent. */
async function hashOf(tree: string, patterns: string[]): Promise<string> {
  const hash = createHash('sha256');
  const { files } = await selectFiles(tree, patterns);
  for (const { path, stats } of files) {
    if (!stats.isFile()) continue;
    const { size } = await stat(join(tree, path));
    hash.update(`${path}\0${size}\0`);
    await pipeline(createReadStream(join(tree, path)), hash, { end: false });
  }
  return hash.digest('hex');
}

function readable(bytes: number): string {
  return bytes < 1_048_576
    ? `${Math.ceil(bytes / 1_024)} KiB`
    : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
