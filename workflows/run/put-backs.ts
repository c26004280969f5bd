/** Deploys that stand, and putting them back: newest first, one at a time, whatever else happens. */
import { CancellationScope, condition, proxyActivities } from '@temporalio/workflow';
import type { DeployActivities, Pinned } from '../../activities/deploy/deploy.activities.js';
import { toReason } from '../domain/limits.js';
import type { RunRef } from '../domain/run.js';
import type { StepOf } from '../pipeline/plan.js';
import { HEARTBEAT_TIMEOUT } from '../steps/options.js';
import type { PutBackEnd } from './after-put-back.js';
import { isReported, toSentence } from './failure.js';
import type { Places } from './places.js';
import type { Carried, Deployed } from './run.messages.js';
import { nextToPutBack } from './saga.js';

/** A put-back asks for the stage's turn, but does not wait longer than this for it, seconds. */
const TURN_SECONDS = 30;
/** It gives up late: a stage that is not put back needs a person. */
const ATTEMPTS = 10;
const retry = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '30 seconds',
  maximumAttempts: ATTEMPTS,
} as const;

const { putBack } = proxyActivities<DeployActivities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry,
});
const { awaitPutBack } = proxyActivities<DeployActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry,
});

/** What putting back needs of its run. */
export interface PutBackParts {
  run: RunRef;
  places: Places;
  /** `end`: after each put-back. `done`: after the last. */
  on: { end: (end: PutBackEnd) => void; done: () => void };
}

export class PutBacks {
  /** Deploys that stand, oldest first. */
  readonly deployed: Deployed[];
  wasPutBack: boolean;
  private readonly doomed = new Map<string, string>();
  private pinning = 0;
  private isRunning = false;

  constructor(
    private readonly parts: PutBackParts,
    carried?: Pick<Carried, 'deployed' | 'wasPutBack'>,
  ) {
    this.deployed = [...(carried?.deployed ?? [])];
    this.wasPutBack = carried?.wasPutBack ?? false;
  }

  /** While true, no new step may start. */
  get isBusy(): boolean {
    return this.isRunning;
  }

  standsOn(stage: string): boolean {
    return this.deployed.some((deploy) => deploy.stage === stage);
  }

  /** What is pinned stands from here on. Not cancellable: half a commit cannot be put back. */
  async pin(step: StepOf<'deploy'>, pinning: () => Promise<Pinned>): Promise<Pinned> {
    this.pinning++;
    try {
      const pinned = await CancellationScope.nonCancellable(pinning);
      if (pinned.outcome === 'pinned') {
        const { releaseDigest } = pinned;
        this.deployed.push({ step: step.name, stage: step.spec.stage, releaseDigest });
      }
      return pinned;
    } finally {
      this.pinning--;
    }
  }

  /** Those of `steps` whose release stands will be put back. @returns those that are new to this. */
  doom(steps: readonly string[], because: string): string[] {
    const isNew = ({ step }: Deployed) => steps.includes(step) && !this.doomed.has(step);
    const doomed = this.deployed.filter(isNew).map(({ step }) => step);
    for (const step of doomed) this.doomed.set(step, because);
    if (doomed.length > 0 && !this.isRunning) {
      this.isRunning = true;
      void CancellationScope.nonCancellable(() => this.putBackAll()).then(this.parts.on.done);
    }
    return doomed;
  }

  private async putBackAll(): Promise<void> {
    for (;;) {
      await condition(() => this.pinning === 0); // A pin takes seconds; the newest goes first.
      const deploy = nextToPutBack(this.deployed, new Set(this.doomed.keys()));
      if (deploy === undefined) break;
      const because = this.doomed.get(deploy.step) ?? '';
      const end = await this.putBackOne(deploy, because);
      this.deployed.splice(this.deployed.indexOf(deploy), 1);
      this.doomed.delete(deploy.step);
      this.parts.on.end(end);
    }
    this.isRunning = false;
  }

  private async putBackOne(deploy: Deployed, because: string): Promise<PutBackEnd> {
    const { step, stage, releaseDigest } = deploy;
    await this.parts.places.turn(stage, TURN_SECONDS);
    try {
      const input = { run: this.parts.run, step, stage, releaseDigest, reason: toReason(because) };
      const summary = `${step}: put ${stage} back`;
      const done = await putBack.executeWithOptions({ summary }, [input]);
      if (done.outcome === 'passedOn') return { deploy, because, servesAnother: true };
      const { servingDigest } = done;
      const seen = await awaitPutBack.executeWithOptions(
        { summary: `${step}: wait until ${stage} is back` },
        [{ run: this.parts.run, step, stage, servingDigest }],
      );
      if (seen.verdict === 'failed') {
        return { deploy, because, trouble: seen.reason ?? 'the stage does not answer' };
      }
      this.wasPutBack = true;
      return { deploy, because };
    } catch (cause) {
      if (!isReported(cause)) throw cause;
      return { deploy, because, trouble: toSentence(cause, ATTEMPTS) };
    }
  }
}
