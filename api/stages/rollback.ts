/** Which release a rollback means, told from a stage's history. Pure. */
import type { ReleaseRow, StageEvent } from '../../activities/store/store.ports.js';
import type { Plan } from '../../workflows/pipeline/plan.js';

/**
 * The newest release that served before the present one and was not rejected since.
 *
 * @param history newest first
 */
export function previousRelease(history: readonly StageEvent[]): string | undefined {
  const rejected = new Set<string>();
  const [present] = history;
  for (const event of history) {
    if (event.rejected !== null) rejected.add(event.rejected);
    const { digest } = event;
    if (digest === null || digest === present?.digest || rejected.has(digest)) continue;
    return digest;
  }
  return undefined;
}

/** One deploy step that names the release by its digest. */
export function rollbackPlan(release: ReleaseRow, stage: string): Plan {
  return {
    pipeline: 'rollback',
    steps: [
      {
        name: 'rollback',
        kind: 'deploy',
        spec: {
          release: release.artifacts.map(({ name }) => name),
          stage,
          rollbackTo: release.digest,
        },
      },
    ],
  };
}
