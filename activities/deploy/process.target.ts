/** The target `process` as its reconciler reports it: a row of the store. */
import type { StagesStore } from '../store/store.ports.js';
import type { Observation, Target } from './deploy.ports.js';

/** The reconciler reports every 10 s; after three silent rounds its last words count no longer. */
const STALE_AFTER_MS = 30_000;

export function createProcessTarget(
  stages: Pick<StagesStore, 'get'>,
  now: () => number = Date.now,
): Target {
  return {
    observe: async (repository, stage): Promise<Observation> => {
      const row = await stages.get(repository, stage);
      if (!row?.observedAt) {
        const message = `nothing has been seen of ${stage} yet`;
        return { revision: null, digest: null, health: 'absent', message, url: null };
      }
      const { revision, digest, health, message, url, observedAt } = row;
      const silentMs = now() - observedAt.getTime();
      if (silentMs <= STALE_AFTER_MS) return { revision, digest, health, message, url };
      const silence =
        `the reconciler has not reported for ${Math.round(silentMs / 1_000)} s; ` +
        "is it running? Its log is logs/reconciler.log in the stack's folder";
      return { revision, digest, health: 'unknown', message: silence, url };
    },
  };
}
