/** The nouns of this area's tests: runs, releases, pins. */
import { Release } from '../../../workflows/domain/release.js';
import { RunRef, Trigger } from '../../../workflows/domain/run.js';
import type { Pin, Withdrawal } from '../deploy.ports.js';
import { digestOf } from '../release.digest.js';

export const REPOSITORY = 'chat-app';
export const STAGE = 'staging';

export function run(order: number): RunRef {
  return RunRef.parse({
    id: `chat-app-${order}`,
    repository: REPOSITORY,
    commit: String(order % 10).repeat(40),
    branch: 'main',
    pipeline: 'chat-app',
    order,
  });
}

/** The release that run `order` made. */
export function release(order: number, over: Partial<Release> = {}): Release {
  const artifacts = over.artifacts ?? [
    {
      name: 'image',
      kind: 'archive',
      digest: `sha256:${String(order % 10).repeat(64)}`,
      bytes: 10,
      command: 'node main.js',
    },
  ];
  const { commit, id: runId } = run(order);
  const named = { repository: REPOSITORY, commit, artifacts };
  return Release.parse({ digest: digestOf(named), ...named, runId, order, ...over });
}

export function trigger(overrideReason?: string): Trigger {
  return Trigger.parse({ kind: 'push', by: 'ada', ...(overrideReason && { overrideReason }) });
}

export function pin(order: number, over: Partial<Pin> = {}): Pin {
  return {
    kind: 'deploy',
    run: run(order),
    trigger: trigger(),
    step: 'deploy-it',
    stage: STAGE,
    release: release(order),
    ...over,
  };
}

export function withdrawal(order: number, over: Partial<Withdrawal> = {}): Withdrawal {
  const releaseDigest = release(order).digest;
  const reason = '2 of 14 checks failed';
  return { run: run(order), step: 'deploy-it', stage: STAGE, releaseDigest, reason, ...over };
}
