/** The time of one attempt of a step: its heartbeats, its own timeout, its cancellation. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { StepFailure } from '../../workflows/domain/step.js';
import { startHeartbeats } from './heartbeats.js';

/**
 * Runs `work` with a signal that is aborted when the step's time is over or the run is cancelled, and
 * heartbeats every second meanwhile. `work` must stop when the signal says so.
 *
 * @throws {ApplicationFailure} `StepTimedOut`; `StepErrored` when the process stood still for so long
 *   that another attempt has begun; {CancelledFailure}; else what `work` throws.
 */
export async function withinStepTime<T>(
  seconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const ending = new AbortController();
  const { lost, stop } = startHeartbeats(() => context.heartbeat());
  lost.addEventListener('abort', () => ending.abort(lost.reason));
  const limit = setTimeout(() => ending.abort(timedOut(seconds)), seconds * 1_000);
  context.cancelled.catch((reason: unknown) => ending.abort(reason));
  try {
    return await work(ending.signal);
  } catch (error) {
    throw ending.signal.aborted ? ending.signal.reason : error;
  } finally {
    stop();
    clearTimeout(limit);
  }
}

function timedOut(seconds: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: StepFailure.timedOut,
    message: `the step took longer than its timeout of ${seconds} s; it was ended`,
  });
}
