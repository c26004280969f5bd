/** Archives: tar files that depend on nothing but names, contents and exec bits of what is in them. */
import { createWriteStream, type Stats } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract, Pack, type ReadEntry } from 'tar';
import { SlipwayError, wordsOf } from '../platform/errors.js';
import { machineTrouble } from '../platform/machine.js';
import { leavesFolder, linkOnTheWay, MAX_ARCHIVE_ENTRIES, type SelectedFile } from './selection.js';

/** Unpacked contents of one archive, bytes (8 GiB). */
export const MAX_ARCHIVE_BYTES = 8_589_934_592;

/** Any fixed time would do; this one is after the epoch in every time zone. */
const FIXED_TIME = new Date('2000-01-01T00:00:00Z');
const READ_BYTES = 262_144;

/** The archive is damaged, too large, or holds what must not be unpacked. Never tried again. */
export class ArchiveRefused extends SlipwayError {
  override readonly code = 'archive-refused';
}

/**
 * Writes `files` of `folder` to the tar file `target`. Same names, contents and exec bits give the
 * same bytes: times, owners, hard links and all other mode bits are not kept. Not compressed: the
 * bytes that a compressor writes change with its version.
 *
 * @throws {ArchiveRefused} when the files are larger than MAX_ARCHIVE_BYTES together.
 */
export async function writeArchive(
  folder: string,
  files: SelectedFile[],
  target: string,
): Promise<void> {
  const bytes = files.reduce((sum, { stats }) => sum + (stats.isFile() ? stats.size : 0), 0);
  if (bytes > MAX_ARCHIVE_BYTES) throw tooLarge(bytes);
  const statCache = new Map(
    files.map(({ path, stats }) => [join(folder, path), normalised(stats)] as const),
  );
  const pack = new Pack({
    cwd: folder,
    portable: true,
    mtime: FIXED_TIME,
    noDirRecurse: true,
    strict: true,
    maxReadSize: READ_BYTES,
    statCache,
  });
  for (const { path } of files) pack.add(`./${path}`);
  pack.end();
  await pipeline(pack, createWriteStream(target, { flags: 'wx', highWaterMark: READ_BYTES }));
}

/**
 * Unpacks the tar file `archive` into the existing `folder`, over what is there. Times are now,
 * owners are ours. After a refusal the folder holds a part of the archive: throw it away.
 *
 * @throws {ArchiveRefused} for paths or links that leave the folder, paths through links, hard links,
 * devices, more than MAX_ARCHIVE_ENTRIES entries, more than MAX_ARCHIVE_BYTES, and damaged archives.
 * @throws {MachineTrouble} when there is no room for what is in it.
 */
export async function extractArchive(
  archive: string,
  folder: string,
): Promise<{ entries: number; bytes: number }> {
  const unpacked = new Unpacked();
  await extract({
    file: archive,
    cwd: folder,
    noMtime: true,
    preserveOwner: false,
    filter: (_path, entry) => unpacked.accepts(entry as ReadEntry),
    // Every warning refuses, as `strict` would; but `strict` answers while files are still being written.
    onwarn: (_code, message, data) => {
      unpacked.refusal ??= damaged('errno' in data ? data : message, folder);
    },
  }).catch((error: unknown) => {
    unpacked.refusal ??= damaged(error, folder);
  });
  if (unpacked.refusal) throw unpacked.refusal;
  for (const [path, target] of unpacked.links) await makeLink(folder, path, target);
  return { entries: unpacked.entries, bytes: unpacked.bytes };
}

/** What was met so far. Links are made last: so nothing is ever written through one of them. */
class Unpacked {
  entries = 0;
  bytes = 0;
  refusal: SlipwayError | undefined;
  readonly links = new Map<string, string>();

  /** True when the entry is to be unpacked by the library. */
  accepts(entry: ReadEntry): boolean {
    const { type, path, size, linkpath } = entry;
    // Nobody is given another user's rights by unpacking.
    if (entry.mode !== undefined) entry.mode &= 0o777;
    this.entries++;
    this.bytes += size;
    this.refusal ??= objection({ type, path, linkpath }) ?? overLimit(this);
    if (this.refusal) return false;
    if (type !== 'SymbolicLink') return true;
    this.links.set(plain(path), linkpath ?? '');
    return false;
  }
}

async function makeLink(folder: string, path: string, target: string): Promise<void> {
  const way = await linkOnTheWay(folder, path);
  if (way !== undefined) throw refused(`"${path}" goes through the link "${way}"`);
  const place = join(folder, path);
  try {
    await mkdir(dirname(place), { recursive: true });
    await rm(place, { force: true });
    await symlink(target, place);
  } catch (error) {
    throw damaged(error, folder);
  }
}

/** Makes `stats` look the same everywhere. One name, one entry: hard links become files. */
function normalised(stats: Stats): Stats {
  const isExecutable = stats.isDirectory() || (stats.mode & 0o100) !== 0;
  const mode = (stats.mode & ~0o7777) | (isExecutable ? 0o755 : 0o644);
  return Object.assign(Object.create(Object.getPrototypeOf(stats)) as Stats, stats, {
    mode,
    nlink: 1,
  });
}

function objection(entry: {
  type: string;
  path: string;
  linkpath: string | undefined;
}): ArchiveRefused | undefined {
  const path = plain(entry.path);
  if (entry.path.startsWith('/') || path.split('/').includes('..')) {
    return refused(`"${entry.path}" is not below the folder that it is unpacked to`);
  }
  switch (entry.type) {
    case 'File':
    case 'OldFile':
    case 'ContiguousFile':
    case 'Directory':
      return undefined;
    case 'SymbolicLink': {
      const target = entry.linkpath ?? '';
      if (!leavesFolder(path, target)) return undefined;
      return refused(`"${path}" is a link to "${target}", which leads out of the folder`);
    }
    default:
      return refused(`"${path}" is a ${entry.type}; only files, folders and links are unpacked`);
  }
}

/** An entry's path without `./` before and `/` behind. */
function plain(path: string): string {
  return path.replace(/^(\.\/)+/, '').replace(/\/$/, '');
}

function overLimit(seen: { entries: number; bytes: number }): ArchiveRefused | undefined {
  if (seen.bytes > MAX_ARCHIVE_BYTES) return tooLarge(seen.bytes);
  if (seen.entries <= MAX_ARCHIVE_ENTRIES) return undefined;
  return refused(`it has more than ${MAX_ARCHIVE_ENTRIES} entries`);
}

function tooLarge(bytes: number): ArchiveRefused {
  return new ArchiveRefused(
    `the archive holds ${bytes} bytes; at most ${MAX_ARCHIVE_BYTES} are allowed`,
    'Name fewer paths, or keep large data outside the pipeline.',
  );
}

function refused(what: string): ArchiveRefused {
  return new ArchiveRefused(
    `the archive is not unpacked: ${what}`,
    'It was not written by Slipway, or was changed since; run the step that made it again.',
  );
}

/** A machine without room says nothing about the archive. */
function damaged(error: unknown, folder: string): SlipwayError {
  const trouble = machineTrouble(error, folder);
  if (trouble) return trouble;
  return new ArchiveRefused(
    `the archive cannot be unpacked: ${wordsOf(error)}`,
    'Look at the step that made it; a link in the workspace may be in the way.',
    { cause: error },
  );
}
