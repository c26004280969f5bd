/** A repository with a pipeline, and runs of it, for door tests. */
import type { RunRef } from '../../../workflows/domain/run.js';
import type { Plan } from '../../../workflows/pipeline/plan.js';
import type { TestApi } from './api.js';

export const COMMIT = '3f786850e387550fdab836ed7e6dc881de23001b';
export const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

export const PIPELINE = `version: 1
name: shop
on: { push: { branches: [main] }, manual: { inputs: { region: { default: us } } } }
steps:
  test: { run: npm test }
  lint: { needs: [test], run: npm run lint }
`;
/** Started by people only, who must say where. */
export const BY_HAND = PIPELINE.replace('push: { branches: [main] }, ', '').replace(
  'default: us',
  'required: true',
);
export const BROKEN = PIPELINE.replace('[test]', '[tset]');

export const plan: Plan = {
  pipeline: 'shop',
  steps: [
    { name: 'test', kind: 'run', spec: { commands: ['npm test'] } },
    { name: 'gate', kind: 'approve', needs: ['test'], spec: {} },
  ],
};

/** The repository `shop`, whose default branch holds PIPELINE. */
export async function openShop({ store, files }: TestApi): Promise<void> {
  await store.repositories.create('shop', 'admin');
  files.files.set('shop', { commit: COMMIT, branch: 'main', text: PIPELINE });
}

/** A run in the record, `pending` with two steps. */
export async function openRun({ store }: TestApi): Promise<RunRef> {
  const order = await store.repositories.nextOrder('shop');
  const run = {
    id: `shop-${order}` as RunRef['id'],
    repository: 'shop',
    commit: COMMIT,
    branch: 'main',
    pipeline: 'shop',
    order,
  };
  const trigger = { kind: 'push' as const, by: 'ada', inputs: {} };
  await store.runs.open({ run, trigger, plan });
  return run;
}

/** A gate of the run that waits. */
export async function openGate({ store }: TestApi, runId: string, step = 'gate'): Promise<void> {
  await store.gates.open({
    runId,
    step,
    stage: 'production',
    approvers: ['release-team'],
    required: 1,
    selfApproval: false,
    expiresAt: new Date(Date.now() + 3_600_000),
    evidence: {
      commit: COMMIT,
      comparedTo: null,
      commits: [],
      steps: [],
      findings: {},
      stages: [],
      change: { files: 0, insertions: 0, deletions: 0, paths: [] },
    },
  });
}
