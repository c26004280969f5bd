/** A Release is the immutable thing that moves: commit + artifacts by digest. */
import { z } from 'zod';
import { Commit, Digest, RepositoryName, RunId, StepName } from './names.js';

/** One part of a release. Its bytes are in the artifact store under the digest. */
export const Artifact = z.object({
  /** The step that made it. */
  name: StepName,
  kind: z.enum(['archive']),
  digest: Digest,
  bytes: z.int().nonnegative(),
  /** How an instance is started, in the unpacked archive; absent for parts that only carry files. */
  command: z.string().max(4_096).optional(),
});
export type Artifact = z.infer<typeof Artifact>;

export const Release = z.object({
  /** sha256 of the canonical JSON of `{repository, commit, artifacts}`. */
  digest: Digest,
  repository: RepositoryName,
  commit: Commit,
  artifacts: z.array(Artifact).min(1).max(20),
  /** The run that made it. */
  runId: RunId,
  /** That run's place in the order of triggers (see RunRef.order). */
  order: z.int().positive(),
  /** Path that must answer below 500 for the release to count as healthy. */
  health: z.string().startsWith('/').max(255).default('/'),
});
export type Release = z.infer<typeof Release>;
