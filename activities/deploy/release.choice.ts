/** Which release a deploy step is about: what this run made, or an earlier one that a person asks for. */

import type { Artifact } from '../../workflows/domain/release.js';
import { Release } from '../../workflows/domain/release.js';
import type { RunRef } from '../../workflows/domain/run.js';
import type { StepOf } from '../../workflows/pipeline/plan.js';
import type { StagesStore } from '../store/store.ports.js';
import type { GitOps } from './deploy.ports.js';
import { digestOf } from './release.digest.js';

interface Asked {
  run: RunRef;
  step: StepOf<'deploy'>;
  /** What this run made; empty for a rollback. */
  artifacts: Artifact[];
}

/** @returns undefined when a rollback names a release that neither Git nor the record knows. */
export async function releaseFor(
  { run, step, artifacts }: Asked,
  gitops: Pick<GitOps, 'history'>,
  releases: Pick<StagesStore, 'release'>,
): Promise<Release | undefined> {
  const { repository, commit, id: runId, order } = run;
  const { rollbackTo, stage, health } = step.spec;
  if (rollbackTo === undefined) {
    const digest = digestOf({ repository, commit, artifacts });
    return Release.parse({ digest, repository, commit, artifacts, runId, order, health });
  }
  const entries = await gitops.history(repository, stage);
  const entry = entries.find((e) => e.release?.digest === rollbackTo);
  if (entry?.release) return entry.release;
  const row = await releases.release(rollbackTo);
  if (row?.repository !== repository) return undefined;
  const { digest, commit: oldCommit, artifacts: kept, runId: maker } = row;
  const found = { digest, repository, commit: oldCommit, artifacts: kept };
  return Release.parse({ ...found, runId: maker, order, health });
}
