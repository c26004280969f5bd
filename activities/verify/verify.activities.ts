/** Checking what a stage serves, from outside: HTTP, WebSocket, commands. */
import { ApplicationFailure, activityInfo, CancelledFailure } from '@temporalio/activity';
import { CHECK_TIMEOUT_SECONDS, toReason } from '../../workflows/domain/limits.js';
import { type StepContext, StepFailure, type StepResult } from '../../workflows/domain/step.js';
import type { StepOf } from '../../workflows/pipeline/plan.js';
import type { Logs } from '../logs/logs.ports.js';
import { wordsOf } from '../platform/errors.js';
import { withinStepTime } from '../platform/step-time.js';
import { BadUrl, type Check } from './check.js';
import { systemClock } from './clock.adapter.js';
import { httpCheck } from './http.check.js';
import { createReach, type Reach } from './reach.js';
import { NoValue, rendered } from './rendered.js';
import type { Clock, Stages } from './verify.ports.js';
import { webSocketCheck } from './websocket.check.js';

export interface VerifyActivities {
  /**
   * Runs http, then webSocket checks, in order, each up to `tries` times a second apart, within the
   * step's timeout. They reach the stage itself, public addresses and what SLIPWAY_CHECK_HOSTS names;
   * redirects are not followed. (Commands of a check step are run by `runCommands` with $STAGE_URL set.)
   * Safe to retry where the checks themselves are.
   *
   * @returns `failed` with the first check that said no, what was expected and what came.
   * @throws {ApplicationFailure} `StepErrored`, retried: the stage has no address, or nobody listens
   *   there. What keeps that port is ours, so its absence says nothing about the release.
   * @throws {ApplicationFailure} `StepTimedOut`: the time was over before a check had said anything.
   */
  checkStage: (input: { context: StepContext; step: StepOf<'check'> }) => Promise<StepResult>;
}

export interface VerifyNeeds {
  stages: Stages;
  logs: Logs;
  /** Default: the stage itself and public addresses. */
  reach?: Reach;
  clock?: Clock;
}

const DEFAULT_TRIES = 3;
const BETWEEN_TRIES_MS = 1_000;

type Input = Parameters<VerifyActivities['checkStage']>[0];
type Attempt = { say: (line: string) => void; clock: Clock; signal: AbortSignal; tries: number };

export function createVerifyActivities(needs: VerifyNeeds): VerifyActivities {
  const { stages, logs, reach = createReach(), clock = systemClock } = needs;
  return {
    checkStage: async ({ context, step }) => {
      const { attempt } = activityInfo();
      const log = logs.open({ runId: context.run.id, step: step.name, attempt });
      const say = (line: string): void => log.write('slipway', `${line}\n`);
      const tries = step.spec.tries ?? DEFAULT_TRIES;
      try {
        return await withinStepTime(
          step.timeoutSeconds ?? CHECK_TIMEOUT_SECONDS,
          async (signal) => {
            const checks = await checksOf({ stages, reach }, { context, step });
            return await tried(checks, { say, clock, signal, tries });
          },
        );
      } catch (cause) {
        if (cause instanceof BadUrl || cause instanceof NoValue) return no(say, cause.message);
        if (cause instanceof ApplicationFailure || cause instanceof CancelledFailure) throw cause;
        throw errored(wordsOf(cause), cause);
      } finally {
        void log.flush(); // The record keeps the order: the step's end comes after its log.
      }
    },
  };
}

async function checksOf(
  { stages, reach }: { stages: Stages; reach: Reach },
  { context, step }: Input,
): Promise<Check[]> {
  const { http, webSocket } = rendered(step.spec, context);
  const base = await baseOf(stages, context.run.repository, step.spec.stage);
  return [
    ...http.map((check) => httpCheck(check, base, reach)),
    ...webSocket.map((check) => webSocketCheck(check, base, reach)),
  ];
}

async function baseOf(
  stages: Stages,
  repository: string,
  stage: string | undefined,
): Promise<string | null> {
  if (stage === undefined) return null;
  const url = await stages.url(repository, stage);
  if (url !== null) return url;
  throw errored(`stage "${stage}" of "${repository}" has no address; was anything deployed to it?`);
}

/** In order; the first that says no ends it. */
async function tried(checks: readonly Check[], attempt: Attempt): Promise<StepResult> {
  const started = attempt.clock.now();
  for (const check of checks) {
    const refusal = await triedOften(check, attempt);
    if (refusal !== undefined) return no(attempt.say, `${check.label}: ${refusal}`);
  }
  const ms = Math.round(attempt.clock.now() - started);
  const count = checks.length === 1 ? '1 check' : `${checks.length} checks`;
  return { verdict: 'succeeded', summary: `${count} ok in ${ms} ms` };
}

/** Undefined means yes. When the step's time is over, the last no counts. */
async function triedOften(check: Check, attempt: Attempt): Promise<string | undefined> {
  const { say, clock, signal, tries } = attempt;
  let last: string | undefined;
  let isAway: true | undefined;
  for (let count = 1; count <= tries; count++) {
    try {
      if (count > 1) await clock.wait(BETWEEN_TRIES_MS, signal);
      const started = clock.now();
      const seen = await check.attempt(signal);
      const line = `${check.label} → ${seen.what} in ${Math.round(clock.now() - started)} ms`;
      say(seen.no === undefined ? line : `${line}: ${seen.no} (try ${count} of ${tries})`);
      if (seen.no === undefined) return undefined;
      ({ isAway } = seen);
      last = `${seen.no}, after ${count === 1 ? '1 try' : `${count} tries`}`;
    } catch (error) {
      if (last === undefined || !isTimeOver(signal)) throw error;
      return `${last}; the step's time was over`;
    }
  }
  if (isAway) throw errored(`${check.label}: ${last}. Nobody keeps the stage's port: ${LOOK}.`);
  return last;
}

const LOOK = 'is the reconciler running? "slipway doctor" tells';

function isTimeOver({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof ApplicationFailure && reason.type === StepFailure.timedOut;
}

function no(say: (line: string) => void, why: string): StepResult {
  const reason = toReason(why);
  say(reason);
  return { verdict: 'failed', reason };
}

function errored(message: string, cause?: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    type: StepFailure.errored,
    message,
    ...(cause instanceof Error ? { cause } : {}),
  });
}
