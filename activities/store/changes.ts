/** What one change makes of a recorded step or run. Pure: the writer asks, and stores the answer. */
import { isDeepStrictEqual } from 'node:util';
import { isFinal } from '../../workflows/domain/run.js';
import type { RunChange, RunRow, StepChange, StepRow } from './store.ports.js';
import { cleanReason, toJson } from './text.js';

export type StepState = Omit<StepRow, 'runId' | 'name' | 'index' | 'kind' | 'position'>;
export type RunState = Pick<RunRow, 'status' | 'reason' | 'startedAt' | 'finishedAt'>;

/**
 * The step after the change, or undefined when the change says nothing new or comes too late:
 * - words of an attempt before the recorded one are late;
 * - a final status gives way only to a later attempt, or to another final word of the workflow,
 *   which speaks without an attempt and is the truth of a live run.
 */
export function nextStep(now: StepState, change: StepChange): StepState | undefined {
  const attempts = change.attempt ?? now.attempts;
  if (attempts < now.attempts) return undefined;
  const isNewAttempt = attempts > now.attempts;
  const isWorkflowsEnd = change.attempt === undefined && isFinal(change.status);
  if (isFinal(now.status) && !isNewAttempt && !isWorkflowsEnd) return undefined;

  const kept = isNewAttempt ? null : now.result;
  const result = change.result === undefined ? kept : asStored(change.result);
  const next: StepState = {
    status: change.status,
    reason: reasonAfter(now, change, attempts),
    summary: result?.summary ?? null,
    exitCode: result?.exitCode ?? null,
    signal: result?.signal ?? null,
    attempts,
    result,
    startedAt: now.startedAt ?? startOf(change),
    finishedAt: endOf(now, change),
  };
  return isDeepStrictEqual(next, now) ? undefined : next;
}

/** An attempt that threw has said so itself, with its number; see recorded.ts. */
function reasonAfter(now: StepState, change: StepChange, attempts: number): string | null {
  if (change.reason !== undefined) return cleanReason(change.reason);
  const { reasonIfLost } = change;
  if (reasonIfLost === undefined || attempts === now.attempts) return now.reason;
  const hasSpoken = now.reason?.startsWith(`attempt ${attempts - 1}:`);
  return hasSpoken ? now.reason : cleanReason(reasonIfLost);
}

/** The run after the change, or undefined when it is final already or nothing changes. */
export function nextRun(now: RunState, change: RunChange): RunState | undefined {
  if (isFinal(now.status)) return undefined;
  const next: RunState = {
    status: change.status,
    reason: cleanReason(change.reason),
    startedAt: now.startedAt ?? startOf(change),
    finishedAt: endOf(now, change),
  };
  return isDeepStrictEqual(next, now) ? undefined : next;
}

function startOf({ status, at }: { status: StepChange['status']; at: Date }): Date | null {
  return status === 'running' || status === 'waiting' ? at : null;
}

function endOf(now: RunState, { status, at }: { status: StepChange['status']; at: Date }) {
  if (!isFinal(status)) return null;
  if (now.finishedAt) return now.finishedAt;
  // The clocks of two machines differ, and one may jump: no end is before its start.
  return now.startedAt && now.startedAt > at ? now.startedAt : at;
}

/** As it reads back from PostgreSQL, so that repeating it is seen to change nothing. */
function asStored(result: NonNullable<StepRow['result']>): StepRow['result'] {
  return JSON.parse(toJson(result) ?? 'null') as StepRow['result'];
}
