/** When a run goes on in a new history. Temporal ends a workflow at 51,200 events. Pure. */

/** Events from which a quiet moment is used to go on in a new history. */
export const QUIET_EVENTS = 4_000;
/** Events from which no new step starts, so that a quiet moment comes. */
export const DRAIN_EVENTS = 20_000;

/** Bytes of history from which no new step starts: Temporal ends a workflow at 50 MB, and what is in
 * progress (500 steps, 64 KiB of outputs each) must still find room. */
export const DRAIN_BYTES = 8_388_608;

export function isHeavy({ historySize }: { historySize: number }): boolean {
  return historySize > DRAIN_BYTES;
}

/** `none`: go on. `quiet`: continue as new when no activity runs. `drain`: start nothing, too. */
export type Pressure = 'none' | 'quiet' | 'drain';

export function pressureOf(history: {
  historyLength: number;
  continueAsNewSuggested: boolean;
}): Pressure {
  if (history.historyLength > DRAIN_EVENTS) return 'drain';
  if (history.historyLength > QUIET_EVENTS || history.continueAsNewSuggested) return 'quiet';
  return 'none';
}
