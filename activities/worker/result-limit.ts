/** What an activity may hand back: beyond Temporal's limits a result is lost, and its step hangs. */
import { ApplicationFailure } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { MAX_REASON_CHARS } from '../../workflows/domain/limits.js';
import { StepFailure } from '../../workflows/domain/step.js';

/**
 * A result as JSON, bytes. Temporal refuses 2 MiB and drops 4 MiB without a word; 500 steps in progress
 * must fit into one history of 50 MB.
 */
export const MAX_RESULT_BYTES = 524_288;

/** Refuses results that are too large, and shortens what is thrown: both end the step with a reason. */
export const limitResults: ActivityInterceptorsFactory = ({ info }) => ({
  inbound: {
    execute: async (input, next) => {
      const result: unknown = await next(input).catch((thrown: unknown) => {
        throw shortened(thrown);
      });
      const bytes = result === undefined ? 0 : Buffer.byteLength(JSON.stringify(result));
      if (bytes > MAX_RESULT_BYTES) throw tooLarge(info.activityType, bytes);
      return result;
    },
  },
});

function tooLarge(activity: string, bytes: number): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `the result of "${activity}" has ${bytes} bytes; the limit is ${MAX_RESULT_BYTES}. ` +
      'Write less to $SLIPWAY_OUTPUT, and hand files on with "artifacts"',
    StepFailure.errored,
  );
}

/** The same error with words of a readable length, its causes included. */
function shortened(thrown: unknown): unknown {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (error.message.length <= MAX_REASON_CHARS) continue;
    const message = `${error.message.slice(0, MAX_REASON_CHARS - 1)}…`;
    const stack = error.stack?.replace(error.message, message).slice(0, 2 * MAX_REASON_CHARS);
    error.message = message;
    if (stack !== undefined) error.stack = stack;
  }
  return thrown;
}
