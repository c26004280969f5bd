/** Turns what Temporal reports about an activity that failed for good into a sentence. Pure. */
import {
  ActivityFailure,
  ChildWorkflowFailure,
  TemporalFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { toReason } from '../domain/limits.js';

/**
 * True for what the world did to us. Anything else is a bug of ours: it must stop the workflow task,
 * so that the run goes on when the fix is there.
 */
export function isReported(cause: unknown): cause is TemporalFailure {
  return cause instanceof TemporalFailure;
}

/** Says why an activity with so many `attempts` failed for good. */
export function toSentence(cause: TemporalFailure, attempts: number): string {
  const inner = innermost(cause);
  if (inner instanceof TimeoutFailure) return timedOut(inner, triesOf(cause, attempts));
  return toReason(inner.message || `it ended without a message (${inner.name})`);
}

function timedOut(failure: TimeoutFailure, tries: string): string {
  if (failure.timeoutType === 'HEARTBEAT') {
    return `the worker that ran it vanished${tries}; look at the workers, then start the run again`;
  }
  if (failure.timeoutType === 'SCHEDULE_TO_START') {
    return 'no worker took it in time; start a worker, then start the run again';
  }
  return `it went on after its time was over, and was given up${tries}; look at its worker's log`;
}

/** ", 5 times" when every attempt was used. */
function triesOf(cause: TemporalFailure, attempts: number): string {
  const isUsedUp =
    cause instanceof ActivityFailure && cause.retryState === 'MAXIMUM_ATTEMPTS_REACHED';
  if (!isUsedUp || attempts < 2) return '';
  return attempts === 2 ? ', twice' : `, ${attempts} times`;
}

/** Skips the frames that only say that something inside failed. */
function innermost(failure: TemporalFailure): Error {
  let inner: Error = failure;
  while (inner instanceof ActivityFailure || inner instanceof ChildWorkflowFailure) {
    if (!(inner.cause instanceof Error)) break;
    inner = inner.cause;
  }
  return inner;
}
