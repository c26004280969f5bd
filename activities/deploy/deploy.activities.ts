/** Deploying is a commit: we change the GitOps repository, and wait for the target to follow. */
import type { Evidence } from '../../workflows/domain/gate.js';
import type { Artifact } from '../../workflows/domain/release.js';
import type { RunRef, Trigger } from '../../workflows/domain/run.js';
import type { StepContext, StepResult } from '../../workflows/domain/step.js';
import type { StepOf } from '../../workflows/pipeline/plan.js';

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
