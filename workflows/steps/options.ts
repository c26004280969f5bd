/** How Temporal runs a step's activities: limits, retries, and the line that people read in its UI. */
import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';
import {
  CHECK_TIMEOUT_SECONDS,
  DEPLOY_TIMEOUT_SECONDS,
  STEP_ATTEMPTS,
  STEP_TIMEOUT_SECONDS,
} from '../domain/limits.js';
import { StepFailure } from '../domain/step-failure.js';
import type { PlannedStep, RetryOn, StepKind } from '../pipeline/plan.js';

/** The activity ends its step itself; Temporal's own limit comes this much later, seconds. */
const NET_SECONDS = 60;
/** Without a sign of life for this long, a worker counts as lost: activities give one every second. */
export const HEARTBEAT_TIMEOUT = '6 seconds';
/** A step that no worker takes within this time ends as errored. */
const QUEUE_TIMEOUT = '24 hours';
/** One line in Temporal's UI, characters. */
const MAX_SUMMARY_CHARS = 100;

/** For proxies; every call brings its own options, see optionsOf. */
export const NET: ActivityOptions = { startToCloseTimeout: '1 minute' };

const DEFAULT_SECONDS: Record<Exclude<StepKind, 'approve'>, number> = {
  run: STEP_TIMEOUT_SECONDS,
  build: STEP_TIMEOUT_SECONDS,
  scan: STEP_TIMEOUT_SECONDS,
  deploy: DEPLOY_TIMEOUT_SECONDS,
  check: CHECK_TIMEOUT_SECONDS,
};

type WorkingStep = Exclude<PlannedStep, { kind: 'approve' }>;

/** Seconds that a step's activity may take. */
export function timeoutSeconds(step: WorkingStep): number {
  return step.timeoutSeconds ?? DEFAULT_SECONDS[step.kind];
}

/** Attempts that a step has, lost ones included. */
export function attemptsOf(step: PlannedStep): number {
  return step.retry?.attempts ?? STEP_ATTEMPTS;
}

/** Options of an activity of `step` that takes `seconds` by its own clock. */
export function optionsOf(
  step: WorkingStep,
  summary: string,
  seconds: number = timeoutSeconds(step),
): ActivityOptions {
  return {
    summary: cut(`${step.name}: ${summary}`),
    startToCloseTimeout: (seconds + NET_SECONDS) * 1_000,
    scheduleToStartTimeout: QUEUE_TIMEOUT,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: '1 second',
      backoffCoefficient: 2,
      maximumInterval: '30 seconds',
      maximumAttempts: attemptsOf(step),
      nonRetryableErrorTypes: notRetried(step.retry?.on ?? ['lost', 'errored']),
    },
  };
}

/** A loss is always tried again: Temporal reports it as a timeout, which has no type to exclude. */
function notRetried(on: readonly RetryOn[]): string[] {
  const types: string[] = [];
  if (!on.includes('errored')) types.push(StepFailure.errored);
  if (!on.includes('timeout')) types.push(StepFailure.timedOut);
  return types;
}

function cut(line: string): string {
  const flat = line.replace(/\s+/g, ' ');
  return flat.length <= MAX_SUMMARY_CHARS ? flat : `${flat.slice(0, MAX_SUMMARY_CHARS - 1)}…`;
}
