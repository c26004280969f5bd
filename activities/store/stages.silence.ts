/** Whether what a stage was last seen as can still be believed. */
import type { StageRow } from './store.ports.js';

/** The reconciler reports every 10 s; after three silent rounds its last words count no longer. */
const STALE_AFTER_MS = 30_000;

/** What to say when nobody has looked at the stage for too long; else undefined. */
export function silenceOf({ silentMs }: Pick<StageRow, 'silentMs'>): string | undefined {
  if (silentMs === null || silentMs <= STALE_AFTER_MS) return undefined;
  return (
    `the reconciler has not reported for ${Math.round(silentMs / 1_000)} s; ` +
    "is it running? Its log is logs/reconciler.log in the stack's folder"
  );
}
