/** What deploying asks of the outside: a repository that says what should serve, and a target that follows it. */
import type { Release } from '../../workflows/domain/release.js';
import type { RunRef, Trigger } from '../../workflows/domain/run.js';
import { SlipwayError } from '../platform/errors.js';
import type { Pinned, PutBack } from './deploy.activities.js';

/** A wish to serve `release` on a stage. */
export interface Pin {
  /** A rollback may go back in the order of triggers; a deploy may not. */
  kind: 'deploy' | 'rollback';
  run: RunRef;
  trigger: Trigger;
  step: string;
  stage: string;
  release: Release;
}

/** A "no" to a release that was pinned on a stage before. */
export interface Withdrawal {
  run: RunRef;
  step: string;
  stage: string;
  releaseDigest: string;
  /** For people: the words of the check or of the person. */
  reason: string;
}

/** One change of a stage, as Git remembers it. */
export interface StageEntry {
  kind: Pin['kind'] | PutBack['outcome'];
  runId: string;
  step: string;
  /** Place, in the order of triggers, of the run that chose `release`; 0 when nothing serves. */
  order: number;
  /** What should serve from here on; null when nothing should. */
  release: Release | null;
  /** Digest of the release that this change withdrew. */
  rejected: string | null;
  reason: string | null;
}

/**
 * The truth of what should serve. Every change is one commit with the trailers `Kind`, `Run-Id`,
 * `Step`, `Stage`, `Repository`, `Release`, `Order` and, for a withdrawal, `Rejects` and `Puts-Back`.
 *
 * Every method throws `GitOpsUnavailable` when the repository cannot be read or written.
 */
export interface GitOps {
  /** Repeatable: the commit of the same run, step and stage is found again. */
  pin(pin: Pin): Promise<Pinned>;
  /** Repeatable: the commit that withdrew this release for this run and step is found again. */
  putBack(withdrawal: Withdrawal): Promise<PutBack>;
  /** What should serve now; null when nothing should. */
  current(repository: string, stage: string): Promise<Release | null>;
  /** Digest of what should serve at `revision` of the repository; null when nothing should. */
  wantedAt(revision: string, repository: string, stage: string): Promise<string | null>;
  /** The stage's last changes, newest first; at most MAX_ENTRIES. */
  history(repository: string, stage: string): Promise<StageEntry[]>;
}

/** Could not find out: trying again later is right. */
export class GitOpsUnavailable extends SlipwayError {
  override readonly code = 'gitops-unavailable';
  constructor(what: string, cause?: unknown) {
    super(
      what,
      'Slipway tries again by itself. Look at the disk, and at who else writes to the repository.',
      { cause },
    );
  }
}

/** What a target reports of a stage. */
export interface Observation {
  /** Revision of the GitOps repository that the target has followed; null when none. */
  revision: string | null;
  /** Digest of the release that serves; null when nothing does. */
  digest: string | null;
  /** `unknown`: the target has not reported lately, so nothing follows from the rest. */
  health: 'healthy' | 'progressing' | 'degraded' | 'absent' | 'unknown';
  /** In the target's own words, for people. */
  message: string;
  url: string | null;
}

/** How a stage is made to follow Git. It is only watched here: a target follows by itself. */
export interface Target {
  observe(repository: string, stage: string): Promise<Observation>;
}
