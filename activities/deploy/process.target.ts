/** The target `process` as its reconciler reports it: a row of the store. */
import { silenceOf } from '../store/stages.silence.js';
import type { StagesStore } from '../store/store.ports.js';
import type { Observation, Target } from './deploy.ports.js';

export function createProcessTarget(stages: Pick<StagesStore, 'get'>): Target {
  return {
    observe: async (repository, stage): Promise<Observation> => {
      const row = await stages.get(repository, stage);
      if (!row || row.silentMs === null) {
        const message = `nothing has been seen of ${stage} yet`;
        return { revision: null, digest: null, health: 'absent', message, url: null };
      }
      const { revision, digest, health, message, url } = row;
      const silence = silenceOf(row);
      if (silence === undefined) return { revision, digest, health, message, url };
      return { revision, digest, health: 'unknown', message: silence, url };
    },
  };
}
