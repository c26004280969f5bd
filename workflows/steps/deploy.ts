/** A `deploy` step: take the stage's turn, pin the release, wait until it serves, watch it. */
import { proxyActivities } from '@temporalio/workflow';
import type { DeployActivities, Pinned } from '../../activities/deploy/deploy.activities.js';
import type { Artifact } from '../domain/release.js';
import type { StepOf } from '../pipeline/plan.js';
import type { StepState } from '../run/run.messages.js';
import { answer } from './answer.js';
import { NET, optionsOf } from './options.js';
import type { StepRun } from './step-run.js';

/** A commit to the GitOps repository, seconds. */
const PIN_SECONDS = 60;
/** More than other steps have: when it gives up, nobody knows what the stage carries. */
const PIN_ATTEMPTS = 10;

const { pinRelease, awaitServing, watchRelease } = proxyActivities<DeployActivities>(NET);

export async function deploy(of: StepRun, step: StepOf<'deploy'>): Promise<StepState> {
  const artifacts = artifactsOf(of, step);
  if ('missing' in artifacts) return { status: 'failed', reason: nothingToRelease(artifacts) };
  return of.inTurn(step, async () => {
    const pinned = await of.pin(step, () => pin(of, step, artifacts.found));
    if (pinned.outcome !== 'pinned') return notPinned(pinned);
    return serveAndWatch(of, step, pinned.releaseDigest);
  });
}

async function serveAndWatch(
  of: StepRun,
  step: StepOf<'deploy'>,
  releaseDigest: string,
): Promise<StepState> {
  const { stage, watchSeconds = 0 } = step.spec;
  const input = { context: of.context(step), step, releaseDigest };
  const serving = optionsOf(step, `wait until ${stage} serves it`);
  const served = await awaitServing.executeWithOptions(serving, [input]);
  if (served.verdict === 'failed' || watchSeconds === 0) return answer(served);
  const watching = optionsOf(step, `watch ${stage} for ${watchSeconds} s`, watchSeconds);
  return answer({ ...served, ...(await watchRelease.executeWithOptions(watching, [input])) });
}

function pin(of: StepRun, step: StepOf<'deploy'>, artifacts: Artifact[]): Promise<Pinned> {
  const { run, trigger } = of.input;
  const options = optionsOf(step, `pin on ${step.spec.stage}`);
  const startToCloseTimeout = PIN_SECONDS * 1_000;
  const retry = { ...options.retry, maximumAttempts: PIN_ATTEMPTS };
  const input = { run, trigger, step, artifacts };
  return pinRelease.executeWithOptions({ ...options, startToCloseTimeout, retry }, [input]);
}

function notPinned(pinned: Exclude<Pinned, { outcome: 'pinned' }>): StepState {
  const status = pinned.outcome === 'superseded' ? 'superseded' : 'failed';
  return { status, reason: pinned.reason };
}

/** A rollback names a release that exists; everything else is released from the steps before. */
function artifactsOf(
  of: StepRun,
  step: StepOf<'deploy'>,
): { found: Artifact[] } | { missing: string } {
  if (step.spec.rollbackTo !== undefined) return { found: [] };
  const found: Artifact[] = [];
  for (const name of step.spec.release) {
    const artifact = of.stateOf(name).result?.artifact;
    if (artifact === undefined) return { missing: name };
    found.push(artifact);
  }
  return { found };
}

function nothingToRelease({ missing }: { missing: string }): string {
  return `step "${missing}" made no archive, so there is nothing to release; make it succeed first`;
}
