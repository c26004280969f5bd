/** Deploying is a commit: we change the GitOps repository, and wait for the target to follow. */
import type { Evidence } from '../../workflows/domain/gate.js';
import { short } from '../../workflows/domain/names.js';
import type { Artifact } from '../../workflows/domain/release.js';
import type { RunRef, Trigger } from '../../workflows/domain/run.js';
import type { StepContext, StepResult } from '../../workflows/domain/step.js';
import type { StepOf } from '../../workflows/pipeline/plan.js';
import type { Logs } from '../logs/logs.ports.js';
import type { Store } from '../store/store.ports.js';
import type { GitOps, Observation, Pin, Target } from './deploy.ports.js';
import { releaseFor } from './release.choice.js';
import { awaitDigest, beating, inStepLog, observing, watchDigest } from './serving.js';

/** What `pinRelease` did. */
export type Pinned =
  | { outcome: 'pinned'; revision: string; releaseDigest: string }
  /** A newer trigger's release is on the stage already. */
  | { outcome: 'superseded'; reason: string }
  /** The release was rejected on this stage before, and nobody overrode that. */
  | { outcome: 'refused'; reason: string };

/** What `putBack` did. */
export interface PutBack {
  /** `putBack`: the previous release is pinned again. `emptied`: there was none, the stage serves
   * nothing. `passedOn`: another release serves already; only the rejection was recorded. */
  outcome: 'putBack' | 'emptied' | 'passedOn';
  revision: string;
  /** The release that should serve now. */
  servingDigest: string | null;
}

export interface DeployActivities {
  /**
   * Commits the release to the GitOps repository. Safe to retry: the commit carries the trailers
   * `Run-Id` and `Step` and is found again. The digest names commit and artifacts.
   *
   * @throws {ApplicationFailure} `StepErrored`, retried: the repository cannot be read or written.
   */
  pinRelease: (input: {
    run: RunRef;
    trigger: Trigger;
    step: StepOf<'deploy'>;
    artifacts: Artifact[];
  }) => Promise<Pinned>;

  /**
   * Returns when the stage serves `releaseDigest` healthily, or when the target says it will not.
   * Heartbeats every second. Safe to retry: it reads only.
   *
   * @returns `failed` with the target's own words when the release does not become healthy.
   * @throws {ApplicationFailure} `StepTimedOut` after the step's timeout (default 300 s).
   */
  awaitServing: (input: {
    context: StepContext;
    step: StepOf<'deploy'>;
    releaseDigest: string;
  }) => Promise<StepResult>;

  /**
   * Watches a serving release for `watchSeconds`. Three unhealthy observations in a row, a second
   * apart, mean no. Heartbeats every second with the seconds already watched, so that a retry goes on
   * where the last attempt was.
   */
  watchRelease: (input: {
    context: StepContext;
    step: StepOf<'deploy'>;
    releaseDigest: string;
  }) => Promise<StepResult>;

  /**
   * Makes the stage serve what it served before `releaseDigest`, and marks that release rejected on
   * the stage. The previous release is the newest one in the stage's history before it that is not
   * rejected. Safe to retry: the commit carries `Puts-Back: <run id>` and is found again.
   */
  putBack: (input: {
    run: RunRef;
    step: string;
    stage: string;
    releaseDigest: string;
    reason: string;
  }) => Promise<PutBack>;

  /** Waits until the stage serves `servingDigest` (or nothing) again, after `putBack`. At most 60 s
   * per attempt. @returns `failed` with the target's words when it does not. */
  awaitPutBack: (input: {
    run: RunRef;
    step: string;
    stage: string;
    servingDigest: string | null;
  }) => Promise<StepResult>;

  /** How the stages answer now, for a gate's evidence. Reads only. */
  observeStages: (input: { repository: string; stages: string[] }) => Promise<Evidence['stages']>;

  /** The commit that the stage serves now; null when it serves nothing. Reads only. */
  servingCommit: (input: { repository: string; stage: string }) => Promise<string | null>;
}

export interface DeployDependencies {
  gitops: GitOps;
  target: Target;
  store: { stages: Pick<Store['stages'], 'happened' | 'keepRelease' | 'release'> };
  logs: Logs;
  /** How often the target is looked at. */
  pace?: { awaitMs: number; watchMs: number };
}

/** How long a stage may take to follow a put-back. Seconds. */
const PUT_BACK_SECONDS = 60;
const PACE = { awaitMs: 250, watchMs: 1_000 };

export function createDeployActivities(dependencies: DeployDependencies): DeployActivities {
  return { ...committing(dependencies), ...looking(dependencies) };
}

function committing({
  gitops,
  store,
  logs,
}: DeployDependencies): Pick<DeployActivities, 'pinRelease' | 'putBack'> {
  return {
    pinRelease: ({ run, trigger, step, artifacts }) =>
      inStepLog(logs, run.id, step.name, async (say) => {
        const { stage, rollbackTo } = step.spec;
        const release = await releaseFor({ run, step, artifacts }, gitops, store.stages);
        if (!release) {
          const digest = short(rollbackTo ?? '');
          const reason = `${stage} never had a release ${digest}; see "slipway stages" for those it had`;
          say(reason);
          return { outcome: 'refused', reason };
        }
        const kind = rollbackTo === undefined ? 'deploy' : 'rollback';
        const pin = { kind, run, trigger, step: step.name, stage, release } as const;
        const pinned = await beating(() => gitops.pin(pin));
        if (pinned.outcome !== 'pinned') {
          say(pinned.reason);
          return pinned;
        }
        const { revision, releaseDigest } = pinned;
        await recordPin(store, pin, { revision, releaseDigest });
        const { repository, commit } = release;
        say(
          `${stage} shall serve ${repository} ${short(commit)}, release ${short(releaseDigest)}: ` +
            `GitOps commit ${short(revision)}`,
        );
        return pinned;
      }),

    putBack: ({ run, step, stage, releaseDigest, reason }) =>
      inStepLog(logs, run.id, step, async (say) => {
        const made = await beating(() =>
          gitops.putBack({ run, step, stage, releaseDigest, reason }),
        );
        const { outcome, revision, servingDigest } = made;
        await store.stages.happened({
          repository: run.repository,
          stage,
          revision,
          kind: 'putBack',
          digest: servingDigest,
          rejected: releaseDigest,
          runId: run.id,
          reason,
        });
        const said = {
          putBack: `putting ${stage} back to release ${short(servingDigest ?? '')}`,
          emptied: `emptying ${stage}: it served nothing before`,
          passedOn: `${stage} serves another release already; this one stays rejected`,
        };
        say(`${said[outcome]} (GitOps commit ${short(revision)}), because: ${reason}`);
        return made;
      }),
  };
}

function looking({
  gitops,
  target,
  logs,
  pace = PACE,
}: DeployDependencies): Omit<DeployActivities, 'pinRelease' | 'putBack'> {
  return {
    awaitServing: ({ context, step, releaseDigest }) =>
      inStepLog(logs, context.run.id, step.name, (say) => {
        const { repository } = context.run;
        const place = { repository, stage: step.spec.stage, digest: releaseDigest };
        const limitSeconds = step.timeoutSeconds;
        return awaitDigest(observing(gitops, target, place), { say, pace, limitSeconds });
      }),

    watchRelease: ({ context, step, releaseDigest }) =>
      inStepLog(logs, context.run.id, step.name, (say) => {
        const { repository } = context.run;
        const place = { repository, stage: step.spec.stage, digest: releaseDigest };
        const watchSeconds = step.spec.watchSeconds ?? 0;
        return watchDigest(observing(gitops, target, place), { say, pace, watchSeconds });
      }),

    awaitPutBack: ({ run, step, stage, servingDigest }) =>
      inStepLog(logs, run.id, step, (say) => {
        const place = { repository: run.repository, stage, digest: servingDigest };
        const limitSeconds = PUT_BACK_SECONDS;
        return awaitDigest(observing(gitops, target, place), { say, pace, limitSeconds });
      }),

    observeStages: ({ repository, stages }) =>
      Promise.all(
        stages.map(async (stage) => {
          const { digest, health, message } = await target.observe(repository, stage);
          return { stage, digest, health: known(health), message };
        }),
      ),

    servingCommit: async ({ repository, stage }) =>
      (await gitops.current(repository, stage))?.commit ?? null,
  };
}

async function recordPin(
  { stages }: DeployDependencies['store'],
  { kind, run, trigger, stage, release }: Pin,
  { revision, releaseDigest: digest }: { revision: string; releaseDigest: string },
): Promise<void> {
  const { repository, commit, runId, artifacts } = release;
  await stages.keepRelease({ digest, repository, commit, runId, artifacts });
  const reason = trigger.overrideReason ?? null;
  const common = { repository, stage, revision, kind, digest };
  await stages.happened({ ...common, rejected: null, runId: run.id, reason });
}

/** Evidence has no word for a silent target; its message tells the approver. */
function known(health: Observation['health']): Evidence['stages'][number]['health'] {
  return health === 'unknown' ? 'progressing' : health;
}
