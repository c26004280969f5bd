/** What a step that was given secrets may show: its log, its answer and its errors without them. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import type { StepResult } from '../../workflows/domain/step.js';
import type { StepLog } from '../logs/logs.ports.js';
import { type Mask, maskOf } from '../logs/mask.js';
import { wordsOf } from '../platform/errors.js';

/**
 * Does the work of a step that was given these values. Nothing that comes out of it holds one of them in
 * any form that the mask knows: not the log from here on, not the result, not what is thrown.
 *
 * Outputs are not made harmless but refused, by who reads them: see readOutputs.
 */
export async function hiding(
  values: readonly string[],
  log: StepLog,
  work: (mask: Mask) => Promise<StepResult>,
): Promise<StepResult> {
  const mask = maskOf(values);
  if (values.length > 0) log.hide(mask);
  try {
    return hiddenIn(await work(mask), mask);
  } catch (error) {
    throw values.length > 0 ? withoutSecrets(error, mask) : error;
  }
}

function hiddenIn(result: StepResult, mask: Mask): StepResult {
  const { reason, summary } = result;
  return {
    ...result,
    ...(reason !== undefined && { reason: mask.text(reason) }),
    ...(summary !== undefined && { summary: mask.text(summary) }),
  };
}

/** The same error when it holds no secret; else one with the same type, and without its causes. */
function withoutSecrets(error: unknown, mask: Mask): unknown {
  if (error instanceof CancelledFailure || !mask.holds(allWordsOf(error))) return error;
  const message = mask.text(wordsOf(error));
  if (error instanceof ApplicationFailure) {
    const { type, nonRetryable } = error;
    return ApplicationFailure.create({
      message,
      ...(type && { type }),
      nonRetryable: nonRetryable === true,
    });
  }
  const clean = new Error(message);
  if (error instanceof Error) clean.name = error.name;
  return clean;
}

function allWordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : allWordsOf(error.cause);
  return `${error.message}\n${error.stack ?? ''}\n${cause}`;
}
