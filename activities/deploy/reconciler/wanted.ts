/**
 * What Git says that stages should serve. Reads `release.json` by hand: the reconciler loads no schema
 * library (12 MB), and the files were checked by whoever wrote them.
 */

import type { Release } from '../../../workflows/domain/release.js';
import { wordsOf } from '../../platform/errors.js';
import type { BareRepository } from '../git.repository.js';

/** Stages that one reconciler serves. */
export const MAX_STAGES = 500;

export interface Wanted {
  repository: string;
  stage: string;
  /** Null: nothing should serve. */
  release: Release | null;
  /** The newest commit of the GitOps repository that was seen to change the stage. */
  revision: string;
  /** Why the release cannot be read; then what serves stays. */
  problem?: string;
}

/** Follows the stages from revision to revision; reads again only what changed. Two git processes. */
export class WantedReader {
  private seen = new Map<string, { blobs: string; wanted: Wanted }>();

  constructor(private readonly repository: BareRepository) {}

  /** All stages that `head` knows, by `<repository>/<stage>`. */
  async at(head: string): Promise<Map<string, Wanted>> {
    const stages = group(await this.repository.blobs(head, 'apps'));
    const changed = [...stages].filter(([key, { blobs }]) => this.seen.get(key)?.blobs !== blobs);
    const readable = changed.flatMap(([, { release }]) => (release ? [release] : []));
    const texts = readable.length > 0 ? await this.repository.read(readable) : [];
    const textOf = new Map(readable.map((blob, index) => [blob, texts[index] ?? '']));
    const next = new Map<string, { blobs: string; wanted: Wanted }>();
    for (const [key, { repository, stage, release, blobs }] of stages) {
      const known = this.seen.get(key);
      const wanted =
        known?.blobs === blobs
          ? known.wanted
          : { repository, stage, revision: head, ...parsed(release && textOf.get(release)) };
      next.set(key, { blobs, wanted });
    }
    this.seen = next;
    return new Map([...next].map(([key, { wanted }]) => [key, wanted]));
  }
}

interface StageBlobs {
  repository: string;
  stage: string;
  /** Of release.json. */
  release?: string;
  /** Names of all that the stage is made of: changes whenever the stage does. */
  blobs: string;
}

const STAGE_FILE = /^apps\/([a-z0-9-]{1,40})\/overlays\/([a-z0-9-]{1,40})\/(.+)$/;

function group(files: { path: string; name: string }[]): Map<string, StageBlobs> {
  const stages = new Map<string, StageBlobs>();
  for (const { path, name } of files) {
    const [, repository, stage, file] = STAGE_FILE.exec(path) ?? [];
    if (!repository || !stage) continue;
    const key = `${repository}/${stage}`;
    if (!stages.has(key) && stages.size >= MAX_STAGES) continue;
    const before = stages.get(key) ?? { repository, stage, blobs: '' };
    const blobs = `${before.blobs} ${file}=${name}`;
    stages.set(key, { ...before, blobs, ...(file === 'release.json' && { release: name }) });
  }
  return stages;
}

function parsed(text: string | undefined): Pick<Wanted, 'release' | 'problem'> {
  if (text === undefined) return { release: null };
  try {
    return { release: parseRelease(text) };
  } catch (error) {
    const words = wordsOf(error);
    return { release: null, problem: `release.json cannot be used: ${words}` };
  }
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** @throws {Error} that names the field. */
export function parseRelease(text: string): Release {
  const release = JSON.parse(text) as Release;
  must(DIGEST.test(release.digest), 'digest');
  must(/^[0-9a-f]{40}$/.test(release.commit), 'commit');
  must(typeof release.health === 'string' && release.health.startsWith('/'), 'health');
  must(Array.isArray(release.artifacts) && release.artifacts.length > 0, 'artifacts');
  for (const { name, digest } of release.artifacts) {
    must(/^[a-zA-Z_][a-zA-Z0-9_-]*$/.test(name), 'artifacts.name'); // It becomes a folder's name.
    must(DIGEST.test(digest), 'artifacts.digest');
  }
  must(
    release.artifacts.some((a) => typeof a.command === 'string' && a.command !== ''),
    'artifacts: none has a command that starts it, so',
  );
  return release;
}

function must(holds: boolean, field: string): asserts holds {
  if (!holds) throw new Error(`${field} is not what it must be`);
}
