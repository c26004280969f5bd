/**
 * Signs of life of one attempt, and the notice that it was given up.
 *
 * A process that was stopped for a while (SIGSTOP, a machine that slept) wakes up in the middle of work
 * that Temporal has given to another attempt meanwhile. It must not go on: two would work at once.
 */
import { ApplicationFailure } from '@temporalio/activity';
import { StepFailure } from '../../workflows/domain/step-failure.js';

const INTERVAL_MS = 1_000;
/** After this long without a sign of life Temporal starts another attempt; see workflows/steps/options. */
const LOST_AFTER_MS = 8_000;

export interface Heartbeats {
  /** Aborted, with what to throw, when the signs of life stayed away for too long. */
  readonly lost: AbortSignal;
  stop(): void;
}

export function startHeartbeats(
  beat: () => void,
  { intervalMs = INTERVAL_MS, lostAfterMs = LOST_AFTER_MS, now = () => performance.now() } = {},
): Heartbeats {
  const lost = new AbortController();
  let lastMs = now();
  const timer = setInterval(() => {
    const silentMs = now() - lastMs;
    lastMs += silentMs;
    if (silentMs > lostAfterMs) lost.abort(givenUp(silentMs));
    beat();
  }, intervalMs);
  return { lost: lost.signal, stop: () => clearInterval(timer) };
}

function givenUp(silentMs: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: StepFailure.errored,
    message:
      `the worker stood still for ${Math.round(silentMs / 1_000)} s, so that this attempt was ` +
      'given up and ended; look whether the machine sleeps or has too much to do',
  });
}
