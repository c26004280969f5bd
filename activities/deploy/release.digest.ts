/** Names a release by what it is made of: the same commit and artifacts are the same release. */
import { createHash } from 'node:crypto';
import type { Release } from '../../workflows/domain/release.js';

/** sha256 of the canonical JSON (sorted keys, no spaces) of `{repository, commit, artifacts}`. */
export function digestOf({
  repository,
  commit,
  artifacts,
}: Pick<Release, 'repository' | 'commit' | 'artifacts'>): string {
  const text = canonical({ repository, commit, artifacts });
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`);
  return `{${fields.join(',')}}`;
}
