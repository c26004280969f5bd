/** From what an activity returned, or how it failed, to the state of its step. */

import { toReason } from '../domain/limits.js';
import type { StepResult } from '../domain/step.js';
import type { StepState } from '../run/run.messages.js';

/** "No" is a value: the verdict is the status. */
export function answer(result: StepResult): StepState {
  const { reason } = result;
  return reason === undefined
    ? { status: result.verdict, result }
    : { status: result.verdict, reason: toReason(reason), result };
}
