/** Why nobody answers by a name: there is none of that name, or nobody knows yet what is served. */
import { ModelNotReady, ModelUnknown } from '../../activities/platform/model-errors.js';
import type { ServedModel } from '../../workflows/domain/chat.js';

/** As long as a process has not looked at the record it serves nothing at all; after that, a toy at least. */
export function modelMissing(
  name: string | undefined,
  served: readonly ServedModel[],
): ModelNotReady | ModelUnknown {
  if (name === undefined || served.length === 0) {
    return new ModelNotReady('no model is served yet', 'Ask again in a few seconds.');
  }
  const names = served.map((one) => one.name);
  return new ModelUnknown(name, names);
}
