/** Which of several secrets of one name a step is given, or why none. Pure. */
import { matching } from '../../workflows/pipeline/glob.js';
import type { SecretScope } from '../store/store.ports.js';

/** Who asks. */
export interface Asker {
  repository: string;
  /** Null for a run of no branch, like that of a bare commit. */
  branch: string | null;
  /** The stage that the step checks. */
  stage: string | undefined;
}

export type Choice<S> = { ok: true; secret: S } | { ok: false; reason: string };

/**
 * The most specific secret that applies: of the repository before every repository, of the stage before
 * every step, of the branch by name before a pattern before every branch; of two patterns the longer
 * one, of two as long the first by name.
 *
 * The reason tells which rule took the others out, in names only.
 */
export function choose<S extends SecretScope>(
  name: string,
  all: readonly S[],
  asker: Asker,
): Choice<S> {
  const { repository, branch, stage } = asker;
  const mine = all.filter((one) => one.repository === null || one.repository === repository);
  const ofBranch = mine.filter((one) => appliesTo(one, branch));
  const fitting = ofBranch.filter((one) => one.stage === null || one.stage === stage);
  const [first] = fitting.sort((a, b) => compare(rank(a, branch), rank(b, branch)));
  if (first) return { ok: true, secret: first };
  return { ok: false, reason: `the secret "${name}" ${why(mine, ofBranch, asker)}` };
}

function appliesTo({ branches }: SecretScope, branch: string | null): boolean {
  if (branches.length === 0) return true;
  return branch !== null && matching(branches, branch) !== undefined;
}

function rank({ repository, branches, stage }: SecretScope, branch: string | null): Rank {
  const pattern = branch === null ? undefined : matching(branches, branch);
  const byBranch = pattern === undefined ? 2 : pattern === branch ? 0 : 1;
  const numbers = [repository === null ? 1 : 0, stage === null ? 1 : 0, byBranch];
  return [...numbers, -(pattern?.length ?? 0), branches.join('\n')];
}

type Rank = (number | string)[];

function compare(a: Rank, b: Rank): number {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at === -1 ? 0 : (a[at] as number) < (b[at] as number) ? -1 : 1;
}

function why(
  mine: readonly SecretScope[],
  ofBranch: readonly SecretScope[],
  { branch, stage }: Asker,
): string {
  if (mine.length === 0) return 'is not set';
  if (ofBranch.length === 0) {
    return branch === null
      ? 'is set for branches only, and this run is of none'
      : `is not set for the branch "${branch}"`;
  }
  return stage === undefined
    ? 'is set for a stage only, and this step checks none'
    : `is not set for the stage "${stage}"`;
}
