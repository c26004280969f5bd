/** Waiting for a stage to serve a release, and watching it after that: looks at the target, step by step. */
import { ApplicationFailure, activityInfo, Context, heartbeat, sleep } from '@temporalio/activity';
import { DEPLOY_TIMEOUT_SECONDS } from '../../workflows/domain/limits.js';
import { short } from '../../workflows/domain/names.js';
import { StepFailure, type StepResult } from '../../workflows/domain/step.js';
import type { Logs } from '../logs/logs.ports.js';
import { type GitOps, GitOpsUnavailable, type Observation, type Target } from './deploy.ports.js';

/** So many unhealthy looks in a row mean no. */
const UNHEALTHY_LOOKS = 3;
/** How long a watched target may stay silent before we say that we could not find out. Seconds. */
const SILENCE_LIMIT_SECONDS = 60;
const HEARTBEAT_MS = 1_000;

type Say = (line: string) => void;
type Pace = { awaitMs: number; watchMs: number };

/** What we want to see, and how to look. */
export interface Observing {
  stage: string;
  /** Null: nothing should serve. */
  digest: string | null;
  look(): Promise<Observation>;
  /** True when the target had followed Git to our release when it said this. */
  isAboutUs(seen: Observation): Promise<boolean>;
}

export function observing(
  gitops: Pick<GitOps, 'wantedAt'>,
  target: Target,
  { repository, stage, digest }: { repository: string; stage: string; digest: string | null },
): Observing {
  return {
    stage,
    digest,
    look: () => target.observe(repository, stage),
    isAboutUs: async ({ revision }) =>
      revision !== null && (await gitops.wantedAt(revision, repository, stage)) === digest,
  };
}

/** Runs `work` with a step's log, and turns an absent repository into "could not find out". */
export async function inStepLog<T>(
  logs: Logs,
  runId: string,
  step: string,
  work: (say: Say) => Promise<T>,
): Promise<T> {
  const log = logs.open({ runId, step, attempt: activityInfo().attempt });
  try {
    return await work((line) => log.write('slipway', `${line}\n`));
  } catch (cause) {
    if (!(cause instanceof GitOpsUnavailable)) throw cause;
    throw errored(`${cause.message}. ${cause.help}`, cause);
  } finally {
    await log.flush();
  }
}

/** Gives a sign of life every second while `work` goes on: a worker that died is noticed by its silence. */
export async function beating<T>(work: () => Promise<T>): Promise<T> {
  const activity = Context.current();
  const beat = setInterval(() => activity.heartbeat(), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}

/** @throws {ApplicationFailure} `StepTimedOut` after `limitSeconds` (default 300). */
export async function awaitDigest(
  { stage, digest, look, isAboutUs }: Observing,
  { say, pace, limitSeconds }: { say: Say; pace: Pace; limitSeconds: number | undefined },
): Promise<StepResult> {
  const limitMs = (limitSeconds ?? DEPLOY_TIMEOUT_SECONDS) * 1_000;
  const started = performance.now();
  const elapsed = (): string => `${((performance.now() - started) / 1_000).toFixed(1)} s`;
  for (let said = ''; ; ) {
    const seen = await look();
    if (seen.digest === digest && (digest === null || seen.health === 'healthy')) {
      const summary = digest
        ? `${stage} serves release ${short(digest)} healthily at ${seen.url ?? 'its URL'}`
        : `${stage} serves nothing`;
      say(`${summary}, after ${elapsed()}`);
      return { verdict: 'succeeded', summary };
    }
    if (seen.health === 'degraded' && (await isAboutUs(seen))) {
      const reason = `${stage} does not serve release ${short(digest ?? '')}: ${seen.message}`;
      say(reason);
      return { verdict: 'failed', reason };
    }
    if (seen.message !== said && seen.message !== '') say(`${stage}: ${seen.message}`);
    said = seen.message;
    if (performance.now() - started >= limitMs) {
      throw timedOut(
        `${stage} does not serve ${digest ? `release ${short(digest)}` : 'nothing'} after ` +
          `${limitMs / 1_000} s; it says "${seen.message}"`,
      );
    }
    heartbeat({ waitingFor: digest, seen: seen.digest, health: seen.health });
    await sleep(pace.awaitMs);
  }
}

/** Heartbeats the seconds already watched, so that a new attempt goes on from there. */
export async function watchDigest(
  { stage, digest, look }: Observing,
  { say, pace, watchSeconds }: { say: Say; pace: Pace; watchSeconds: number },
): Promise<StepResult> {
  let watched = watchedBefore();
  let unhealthy = 0;
  let silent = 0;
  say(`watching ${stage} for ${watchSeconds - watched} s`);
  while (watched < watchSeconds) {
    const seen = await look();
    const isGood = seen.health === 'healthy' && seen.digest === digest;
    silent = seen.health === 'unknown' ? silent + 1 : 0;
    if (silent >= SILENCE_LIMIT_SECONDS)
      throw errored(`${stage} cannot be watched: ${seen.message}`);
    if (silent === 0) {
      watched++;
      unhealthy = isGood ? 0 : unhealthy + 1;
      if (!isGood) say(`${stage} is ${seen.health}: ${seen.message}`);
    }
    if (unhealthy >= UNHEALTHY_LOOKS) {
      const reason = `${stage} became ${seen.health} after ${watched} s of watching: ${seen.message}`;
      return { verdict: 'failed', reason };
    }
    heartbeat({ watchedSeconds: watched });
    await sleep(pace.watchMs);
  }
  return { verdict: 'succeeded', summary: `${stage} stayed healthy for ${watchSeconds} s` };
}

function watchedBefore(): number {
  const details: unknown = activityInfo().heartbeatDetails;
  if (typeof details !== 'object' || details === null) return 0;
  return 'watchedSeconds' in details ? Number(details.watchedSeconds) : 0;
}

function timedOut(message: string): ApplicationFailure {
  return ApplicationFailure.create({ message, type: StepFailure.timedOut });
}

function errored(message: string, cause?: Error): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type: StepFailure.errored,
    ...(cause && { cause }),
  });
}
