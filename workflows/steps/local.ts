/** How local activities are run: short reads and writes beside the workflow, one event each. */
import type { LocalActivityOptions } from '@temporalio/workflow';

/**
 * For the record: tried until PostgreSQL is back. Waits of 10 s and more become timers, so that an
 * outage does not keep a workflow task open.
 */
export const UNTIL_DONE: LocalActivityOptions = {
  startToCloseTimeout: '30 seconds',
  localRetryThreshold: '10 seconds',
  retry: {
    initialInterval: '100 milliseconds',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
  },
};

/** For reads that a step can do without: then the step ends as errored. */
export const FIVE_TIMES: LocalActivityOptions = {
  startToCloseTimeout: '30 seconds',
  localRetryThreshold: '10 seconds',
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 3, maximumAttempts: 5 },
};
