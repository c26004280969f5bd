/** Steps record their own start and end, so that readers see them at once and the workflow need not. */

import {
  ApplicationFailure,
  activityInfo,
  CancelledFailure,
  heartbeat,
  type Info,
  sleep,
} from '@temporalio/activity';
import type { StepContext, StepResult } from '../../workflows/domain/step.js';
import { StepFailure } from '../../workflows/domain/step-failure.js';
import type { PlannedStep } from '../../workflows/pipeline/plan.js';
import { wordsOf } from '../platform/errors.js';
import { StoreUnavailable } from './errors.js';
import type { RunsStore, StepChange } from './store.ports.js';

/** How long an end waits for PostgreSQL to come back, and how often it asks. */
const END_LIMIT_MS = 600_000;
const RETRY_INTERVAL_MS = 1_000;

type Record = { runs: Pick<RunsStore, 'write'> };
type StepInput = { context: StepContext; step: PlannedStep };
type Note = Pick<StepChange, 'status' | 'reason' | 'reasonIfLost' | 'result'>;

/**
 * The same activity, recorded: `running` when an attempt starts, then its end. An attempt that throws
 * stays `running` with the reason while another one follows, and is `errored` when none does.
 *
 * The start is written beside the work, once; a record that is away delays no step. The end waits for
 * PostgreSQL up to 10 minutes, with heartbeats: Temporal must not believe what the record lacks.
 * A cancelled attempt writes nothing: the workflow knows why, and does.
 *
 * @throws {StoreUnavailable} after those 10 minutes; the attempt is then repeated by policy.
 */
export function recordsStep<Input extends StepInput>(
  store: Record,
  activity: (input: Input) => Promise<StepResult>,
): (input: Input) => Promise<StepResult> {
  return async (input) => {
    const info = activityInfo();
    const changeOf = (note: Note): StepChange => ({
      ...note,
      runId: input.context.run.id,
      name: input.step.name,
      attempt: info.attempt,
      at: new Date(),
    });
    const start = store.runs.write({ steps: [changeOf(startOf(info))] });
    const started = start.catch(ignoreAbsence);
    started.catch(() => {}); // Seen below, when the work is done.
    const note = (end: Note): Promise<void> => settle(store, changeOf(end));
    try {
      const result = await activity(input);
      await started;
      await note(noteOf(result, input.step));
      return result;
    } catch (error) {
      await started.catch(() => {}); // The first error counts.
      if (!(error instanceof CancelledFailure) && !(error instanceof StoreUnavailable)) {
        await note(noteOfError(error, info, input.step));
      }
      throw error;
    }
  };
}

function startOf({ attempt, retryPolicy }: Info): Note {
  if (attempt === 1) return { status: 'running' };
  const most = retryPolicy?.maximumAttempts ?? 0;
  const which = most > 0 ? `${attempt} of ${most}` : `attempt ${attempt}`;
  const reasonIfLost = `attempt ${attempt - 1} was lost with its worker; trying again (${which})`;
  return { status: 'running', reasonIfLost };
}

/** A check with commands goes on after its own checks said yes: its end is written by those. */
function noteOf(result: StepResult, step: PlannedStep): Note {
  const goesOn =
    step.kind === 'check' && step.spec.commands !== undefined && result.verdict === 'succeeded';
  if (goesOn) return { status: 'running' };
  return { status: result.verdict, reason: result.reason ?? null, result };
}

function noteOfError(error: unknown, info: Info, step: PlannedStep): Note {
  const words = wordsOf(error);
  if (isLast(error, info) || isFinalTimeout(error, step))
    return { status: 'errored', reason: words };
  return { status: 'running', reason: `attempt ${info.attempt}: ${words}; it is tried again` };
}

/** Only a step that asks for it is tried again after its own timeout. */
function isFinalTimeout(error: unknown, { retry }: PlannedStep): boolean {
  const isTimeout = error instanceof ApplicationFailure && error.type === StepFailure.timedOut;
  return isTimeout && retry?.on.includes('timeout') !== true;
}

/** True when Temporal will start no further attempt after this error. */
function isLast(error: unknown, { attempt, retryPolicy }: Info): boolean {
  const most = retryPolicy?.maximumAttempts ?? 0;
  if (most > 0 && attempt >= most) return true;
  if (!(error instanceof Error)) return false;
  if (error instanceof ApplicationFailure && error.nonRetryable) return true;
  const type = error instanceof ApplicationFailure ? error.type : error.name;
  return retryPolicy?.nonRetryableErrorTypes?.includes(type ?? '') ?? false;
}

async function settle(store: Record, change: StepChange): Promise<void> {
  const deadline = performance.now() + END_LIMIT_MS;
  for (;;) {
    try {
      return await store.runs.write({ steps: [change] });
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || performance.now() > deadline) throw error;
    }
    heartbeat({ waitingFor: 'PostgreSQL' });
    await sleep(RETRY_INTERVAL_MS); // Rejects when the run is cancelled.
  }
}

function ignoreAbsence(error: unknown): void {
  if (!(error instanceof StoreUnavailable)) throw error;
}
