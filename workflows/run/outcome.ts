/** How a run ends, from how its steps ended. Pure. */
import { toReason } from '../domain/limits.js';
import type { Status } from '../domain/run.js';
import type { PlannedStep } from '../pipeline/plan.js';
import type { Outcome, StepState } from './run.messages.js';

export interface Ending {
  steps: readonly PlannedStep[];
  stateOf: (name: string) => StepState;
  cancelled: { by: string; reason: string } | undefined;
  /** True when a stage serves its previous release again. */
  wasPutBack: boolean;
  /** Put-backs that could not be done, each a sentence. */
  notPutBack: readonly string[];
}

/** Cancelled, else errored, else superseded, else rolled back, else failed, else succeeded. */
export function outcomeOf(ending: Ending): Outcome {
  const status = statusOf(ending);
  const first = reasonOf(ending, status) ?? '';
  const more = ending.notPutBack.filter((sentence) => !first.includes(sentence));
  const reason = [first, ...more].filter(Boolean).join('; ');
  return reason === '' ? { status } : { status, reason: toReason(reason) };
}

function statusOf(ending: Ending): Status {
  const has = (status: Status) => firstWith(ending, status) !== undefined;
  if (ending.cancelled !== undefined || has('cancelled')) return 'cancelled';
  if (has('errored') || ending.notPutBack.length > 0) return 'errored';
  if (has('superseded')) return 'superseded';
  if (ending.wasPutBack) return 'rolledBack';
  return has('failed') || has('rolledBack') ? 'failed' : 'succeeded';
}

function reasonOf(ending: Ending, status: Status): string | undefined {
  if (status === 'succeeded') return undefined;
  if (status === 'cancelled' && ending.cancelled !== undefined) {
    return `${ending.cancelled.by} cancelled: ${ending.cancelled.reason}`;
  }
  return (
    (status === 'rolledBack' ? undefined : sayFirst(ending, status)) ??
    sayFirst(ending, 'failed') ??
    sayLast(ending, 'rolledBack')
  );
}

/** Of deploys that were put back the last one said no; those before it were put back because of it. */
function sayLast(ending: Ending, status: Status): string | undefined {
  return sayFirst({ ...ending, steps: ending.steps.toReversed() }, status);
}

function sayFirst(ending: Ending, status: Status): string | undefined {
  const step = firstWith(ending, status);
  if (step === undefined) return undefined;
  const reason = ending.stateOf(step.name).reason;
  return reason === undefined ? `step "${step.name}" is ${status}` : `${step.name}: ${reason}`;
}

/** Steps under continueOnError do not decide how the run ends. */
function firstWith(ending: Ending, status: Status): PlannedStep | undefined {
  return ending.steps.find(
    (step) => step.continueOnError !== true && ending.stateOf(step.name).status === status,
  );
}
