/** How a step says that it could not find out. Beside step.ts: workflows need it without zod. */

/** Types of ApplicationFailure that step activities throw. All others are bugs. */
export const StepFailure = {
  /** Could not find out: the system is to blame. Retried while attempts are left. */
  errored: 'StepErrored',
  /** The step's own timeout ended it. Retried only where `retry.on` names `timeout`. */
  timedOut: 'StepTimedOut',
} as const;
