/** Reads what npm wrote down as installed: package-lock.json, versions 2 and 3. */
import { z } from 'zod';

/** A larger lock file is refused, bytes. */
export const MAX_LOCK_BYTES = 33_554_432;

export interface LockedPackage {
  name: string;
  version: string;
  /** Where npm puts it: `node_modules/a/node_modules/b`. */
  place: string;
  /** Needed for development only. */
  isDev: boolean;
  /** In the lock file; 0 when it cannot be told. */
  line: number;
}

export type ReadLock = { packages: LockedPackage[] } | { why: string };

const Entry = z.object({
  version: z.string().max(256).optional().catch(undefined),
  name: z.string().max(256).optional().catch(undefined),
  link: z.boolean().optional().catch(undefined),
  dev: z.boolean().optional().catch(undefined),
});
const Lock = z.object({ packages: z.record(z.string(), Entry) });

/** Never throws: a file that is no lock file is answered with why, and what to do. */
export function readLock(text: string): ReadLock {
  const json = parse(text);
  if (json === undefined) return { why: 'is not JSON; run "npm install" and commit the file' };
  const lock = Lock.safeParse(json);
  if (!lock.success) {
    return {
      why:
        'has no list of packages, as versions 2 and 3 have; ' +
        'run "npm install --package-lock-only" with npm 7 or newer and commit the file',
    };
  }
  const lines = linesOf(text);
  const packages = Object.entries(lock.data.packages).flatMap(([place, entry]) => {
    const at = place.lastIndexOf('node_modules/');
    if (at < 0 || entry.link || !entry.version) return []; // The project's own folders.
    const name = entry.name ?? place.slice(at + 'node_modules/'.length);
    const line = lines.get(place) ?? 0;
    return [{ name, version: entry.version, place, isDev: entry.dev ?? false, line }];
  });
  return { packages };
}

/** Place -> line, as npm writes the file: one key a line. */
function linesOf(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    const place = /^\s*"([^"\\]*node_modules\/[^"\\]+)": \{/.exec(line)?.[1];
    if (place !== undefined && !lines.has(place)) lines.set(place, index + 1);
  }
  return lines;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
