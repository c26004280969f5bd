/** Where another server makes the answers, models are brought and served there: ours would answer nobody. */
import type { Models } from '../chat/model.ports.js';
import { Refused } from '../platform/errors.js';

/** @throws {Refused} `models-elsewhere` */
export function demandEngines(models: Pick<Models, 'engines'>): void {
  if (!models.engines().some(({ device }) => device === 'remote')) return;
  throw new Refused(
    'models-elsewhere',
    'answers come from another server here, not from our engines',
    'Serve the model there; SLIPWAY_CHAT_MODELS says which of its models are offered.',
  );
}
