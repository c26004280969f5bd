/** What the API may ask of Temporal. It carries questions; the workflows judge. */

import type { State } from '../../workflows/approval/approval.messages.js';
import type { Decision } from '../../workflows/domain/gate.js';
import type { Status } from '../../workflows/domain/run.js';
import type { Input } from '../../workflows/run/run.messages.js';

/** Provider token of `Workflows`. */
export const WORKFLOWS = Symbol('Workflows');

export interface Workflows {
  /**
   * Starts the run's workflow; its id is the run's. Repeatable: a run that was started before stays
   * as it is, also when it has ended.
   */
  startRun(input: Input): Promise<'started' | 'already'>;

  /** Asks the run to stop. Repeatable. */
  cancelRun(runId: string, cancel: { by: string; reason: string }): Promise<{ status: Status }>;

  /** Answers a gate. Not repeatable: a second answer of the same person is refused. */
  decide(runId: string, step: string, decision: Decision): Promise<State>;

  /** True when Temporal answers within `limitMs`; default 1.5 s. */
  ping(limitMs?: number): Promise<boolean>;
}

/** The workflow's validator said no, in its own words. `type` is its ApplicationFailure type. */
export class WorkflowRefused extends Error {
  override readonly name = 'WorkflowRefused';
  constructor(
    message: string,
    readonly type: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The workflow does not exist, or has ended. */
export class WorkflowGone extends Error {
  override readonly name = 'WorkflowGone';
}
