/**
 * The unpacked release of a stage: `<stage>/<digest12>/<artifact>/`, and a manifest by which a change of
 * an unpacked file is noticed. A folder has its name only when it is whole.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Release } from '../../../workflows/domain/release.js';
import { wordsOf } from '../../platform/errors.js';

/** Unpacked releases that a stage keeps, so that going back is quick. */
const KEPT_RELEASES = 3;
const MANIFEST = 'manifest.json';
/** Unfinished and replaced folders carry this in their names. */
const LEFT_OVER = /\.(new|old)-/;

/** Unpacked files in the order of their paths. */
type Manifest = { path: string; bytes: number; mtimeMs: number }[];

export interface ReleaseFolders {
  /** Folder of the stage. */
  stage: string;
  /** Of the artifact store. */
  artifacts: string;
}

export function folderName(digest: string): string {
  return digest.replace('sha256:', '').slice(0, 12);
}

/**
 * Brings the release's folder into being. Repeatable; with `anew` it is unpacked in any case, and what
 * was there before is moved aside, where a running instance can still use it.
 *
 * @throws {Error} when an artifact is missing or damaged.
 */
export async function prepareRelease(
  { stage, artifacts }: ReleaseFolders,
  release: Release,
  anew: boolean,
): Promise<string> {
  const folder = join(stage, folderName(release.digest));
  const fresh = `${folder}.new-${process.pid}`;
  if (!anew && (await new DriftCheck(folder).next(Number.POSITIVE_INFINITY)) === undefined) {
    const now = new Date();
    await utimes(join(folder, MANIFEST), now, now); // The newest are kept.
    return folder;
  }
  await rm(fresh, { recursive: true, force: true });
  for (const { name, digest } of release.artifacts) {
    const archive = archivePath(artifacts, digest);
    await verify(archive, digest);
    await mkdir(join(fresh, name), { recursive: true });
    const { extractArchive } = await import('../../artifacts/archive.js');
    await extractArchive(archive, join(fresh, name));
  }
  await writeFile(join(fresh, MANIFEST), JSON.stringify(await manifestOf(fresh)));
  await rename(folder, `${folder}.old-${Date.now()}`).catch(ignoreAbsent);
  await rename(fresh, folder);
  return folder;
}

/** Removes what no instance uses: unfinished and replaced folders, and all but the newest releases. */
export async function prune(stage: string, inUse: ReadonlySet<string>): Promise<void> {
  const names = await readdir(stage);
  const left = names.filter((name) => LEFT_OVER.test(name));
  const releases = names.filter((name) => /^[0-9a-f]{12}$/.test(name));
  const used = await Promise.all(
    releases.map(async (name) => {
      const seen = await stat(join(stage, name, MANIFEST)).catch(() => undefined);
      return { name, at: seen?.mtimeMs ?? 0 };
    }),
  );
  const old = used.sort((a, b) => b.at - a.at).slice(KEPT_RELEASES);
  const unused = old.map(({ name }) => name).filter((name) => !inUse.has(name));
  for (const name of [...left, ...unused])
    await rm(join(stage, name), { recursive: true, force: true });
  for (const name of unused) {
    await rm(join(stage, `${name}.log`), { force: true });
    await rm(join(stage, `${name}.log.1`), { force: true });
  }
}

/** Looks whether the files of an unpacked release are as they were, some at a time, round and round. */
export class DriftCheck {
  private manifest: Manifest | undefined;
  private at = 0;

  constructor(private readonly folder: string) {}

  /** Looks at the next `limit` files. @returns the path of one that was changed or removed. */
  async next(limit: number): Promise<string | undefined> {
    this.manifest ??= await readManifest(this.folder);
    if (!this.manifest) return MANIFEST;
    const { length } = this.manifest;
    for (let looked = 0; looked < Math.min(limit, length); looked++) {
      const file = this.manifest[this.at++ % length];
      if (file && !(await isUnchanged(this.folder, file))) return file.path;
    }
    return undefined;
  }
}

async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

async function isUnchanged(
  folder: string,
  { path, bytes, mtimeMs }: Manifest[number],
): Promise<boolean> {
  const now = await lstat(join(folder, path)).catch(() => undefined);
  return now?.size === bytes && now.mtimeMs === mtimeMs;
}

async function manifestOf(folder: string): Promise<Manifest> {
  const manifest: Manifest = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size, mtimeMs } = await lstat(path);
    manifest.push({ path: path.slice(folder.length + 1), bytes: size, mtimeMs });
  }
  return manifest.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** As the artifact store keeps its bytes. */
function archivePath(artifacts: string, digest: string): string {
  const hex = digest.replace('sha256:', '');
  return join(artifacts, 'sha256', hex.slice(0, 2), hex);
}

async function verify(archive: string, digest: string): Promise<void> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(archive), hash);
  } catch (cause) {
    throw new Error(`the artifact store cannot give ${digest.slice(0, 19)}: ${wordsOf(cause)}`, {
      cause,
    });
  }
  if (`sha256:${hash.digest('hex')}` === digest) return;
  throw new Error(`the artifact ${digest.slice(0, 19)} is damaged in the artifact store`);
}

function ignoreAbsent(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
