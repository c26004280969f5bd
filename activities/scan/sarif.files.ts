/** The SARIF files that a step names, in a hostile workspace. */
import { readFile, stat } from 'node:fs/promises';
import { oneLine } from '../platform/one-line.js';
import { add, type Counts, counted, sorted } from './counting.js';
import { inside } from './files.walk.js';
import { MAX_SARIF_BYTES, type ReadSarif, readSarif } from './sarif.js';
import type { Scanned } from './scan.ports.js';

/** Each file is read, or refused by name. */
export async function scannedSarif(folder: string, paths: readonly string[]): Promise<Scanned> {
  const all: Scanned = { findings: [], counts: {}, refusals: [], notes: [], summary: '' };
  let counts: Counts = {};
  for (const path of paths) {
    const read = await readFileIn(folder, path);
    if ('why' in read) {
      all.refusals.push({ path: oneLine(path, 1_000), why: read.why });
      continue;
    }
    all.findings.push(...read.findings);
    counts = add(counts, read.counts);
  }
  return {
    ...all,
    counts,
    findings: sorted(all.findings),
    summary: `${counted(paths.length, 'SARIF file')} read`,
  };
}

async function readFileIn(folder: string, path: string): Promise<ReadSarif> {
  const place = await inside(folder, path);
  if (place === undefined) {
    return { why: 'is not there; the step that writes it must list it under its artifacts' };
  }
  const about = await stat(place);
  if (!about.isFile()) return { why: 'is not a file' };
  if (about.size > MAX_SARIF_BYTES) return { why: 'is larger than 10 MiB; split the scan' };
  return readSarif(await readFile(place, 'utf8'));
}
