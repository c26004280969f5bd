/** Why nobody answers by a name: there is none of that name, or nobody knows yet what is served. */
import { ModelNotReady, ModelUnknown } from '../../activities/platform/model-errors.js';
import type { EngineState, Models } from './model.ports.js';

/**
 * As long as a process has not looked at the record it serves nothing at all; after that, a toy at least.
 * Where another server answers, that server says what is served, and nothing is as long as it is away.
 */
export function modelMissing(
  name: string | undefined,
  models: Pick<Models, 'served' | 'engines'>,
): ModelNotReady | ModelUnknown {
  const served = models.served();
  if (name !== undefined && served.length > 0) {
    const names = served.map((one) => one.name);
    return new ModelUnknown(name, names);
  }
  return (
    remoteTrouble(models.engines()) ??
    new ModelNotReady('no model is served yet', 'Ask again in a few seconds.')
  );
}

function remoteTrouble(engines: readonly EngineState[]): ModelNotReady | undefined {
  const remote = engines.find(({ device }) => device === 'remote');
  if (remote?.state === 'failed') {
    return new ModelNotReady(
      `the models of ${remote.model} are not known: ${remote.reason ?? 'it does not say them'}`,
      'Ask again in a while; if it stays so, tell whoever runs Slipway to look at that server.',
    );
  }
  if (remote?.state !== 'ready') return undefined;
  const help =
    'Tell whoever runs Slipway: SLIPWAY_CHAT_MODELS says which of its models are offered.';
  return new ModelNotReady(`${remote.model} offers no model`, help);
}
