/** Code changes while runs are in flight: they go on, whichever version takes their next task. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Context } from '@temporalio/activity';
import type { WorkflowBundle } from '@temporalio/worker';
import type { PlannedStep } from '../../workflows/pipeline/plan.js';
import { presentBundle } from '../../workflows/testing/bundle.js';
import type { AllActivities } from '../../workflows/testing/fake-activities.js';
import { check, deploy, gate, image, step } from '../../workflows/testing/plans.js';
import { bundleVariant, type Change } from '../../workflows/testing/variant.js';
import { eventually } from './harness/eventually.js';
import { approve, chaptersOf, inputOf, type RunHandle, startRun, stepIs } from './temporal/runs.js';
import { startTemporal, type TemporalServer } from './temporal/server.js';
import { type Running, startWorker, type WorkerChoices } from './temporal/workers.js';

/** Temporal suggests a new history very early, so that short runs go through several. */
const SUGGESTION = 'limit.historyCount.suggestContinueAsNew=60';

/** A sign of life of an activity that is held up. */
const PULSE_MS = 500;

/** The next version tells the record of an opened run twice, where `isNext` says so. */
const begins = '  async run(): Promise<Outcome> {\n';
const opening = 'await openRun({ run, trigger, plan });';
const changed = (isNext: string): Change[] => [
  { file: 'run/engine.ts', from: '  continueAsNew,\n', to: '  continueAsNew,\n  patched,\n' },
  {
    file: 'run/engine.ts',
    from: begins,
    to: `  private isNext = false;\n${begins}    this.isNext = ${isNext};\n`,
  },
  { file: 'run/engine.ts', from: opening, to: `${opening}\nif (this.isNext) ${opening}` },
];

const delivery = (): PlannedStep[] => [
  image,
  deploy('staging', ['image']),
  check('staging'),
  gate(['integration']),
  deploy('production', ['approve']),
];
/** Its first history is its only one. */
const brief = (): PlannedStep[] => [step('test'), gate(['test'])];

describe('an upgrade', () => {
  let server: TemporalServer;
  let old: WorkflowBundle;
  let next: WorkflowBundle;
  let careless: WorkflowBundle;
  const workers: Running[] = [];
  const work = async (choices: WorkerChoices): Promise<Running> => {
    const worker = await startWorker(server, choices);
    workers.push(worker);
    return worker;
  };
  const isNondeterministic = async (run: RunHandle): Promise<boolean> => {
    const troubles = (await chaptersOf(server, run)).flatMap(({ failedTasks }) => failedTasks);
    return troubles.some((trouble) => trouble.includes('Nondeterminism'));
  };
  beforeAll(async () => {
    server = await startTemporal(SUGGESTION);
    old = await presentBundle();
    next = await bundleVariant(changed("patched('next')"));
    careless = await bundleVariant(changed('true'));
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.end();
  });
  afterAll(() => server?.end());

  it('on one machine: a run that waits at its gate goes on with the code that replaced its own', async () => {
    const before = await work({ code: old, options: { identity: 'old' } });
    const run = await startRun(server, inputOf('replaced', delivery()));
    await stepIs(run, 'approve', 'waiting');
    await before.end();
    const after = await work({ code: next, options: { identity: 'next' } });
    await approve(server, run, 'approve');
    expect(await run.result()).toEqual({ status: 'succeeded' });
    await after.end();
    const chapters = await chaptersOf(server, run);
    expect(new Set(chapters.flatMap(({ workers }) => workers))).toEqual(new Set(['old', 'next']));
    expect(chapters.flatMap(({ failedTasks }) => failedTasks)).toEqual([]);
    expect(chapters.flatMap(({ patches }) => patches)).toContain('next');
  });

  it('beside an old worker without versions: a run that the old one cannot read goes on when that is gone', async () => {
    const first = await work({ code: next, options: { identity: 'next' } });
    const run = await startRun(server, inputOf('beside', brief()));
    await stepIs(run, 'approve', 'waiting');
    await first.end();
    const last = await work({ code: old, options: { identity: 'old' } });
    const answer = approve(server, run, 'approve');
    await eventually('the old one tried in vain', () => isNondeterministic(run));
    await work({ code: next, options: { identity: 'next' } });
    await last.end();
    await answer;
    expect(await run.result()).toEqual({ status: 'succeeded' });
  });

  it('without a patch: the run waits for the right code, and does not fail', async () => {
    const before = await work({ code: old, options: { identity: 'old' } });
    const run = await startRun(server, inputOf('careless', brief()));
    await stepIs(run, 'approve', 'waiting');
    await before.end();
    const wrong = await work({ code: careless, options: { identity: 'careless' } });
    const answer = approve(server, run, 'approve');
    await eventually('a task was done in vain', () => isNondeterministic(run));
    expect((await run.describe()).status.name).toBe('RUNNING');
    await wrong.end();
    const right = await work({ code: next, options: { identity: 'right' } });
    await answer;
    expect(await run.result()).toEqual({ status: 'succeeded' });
    await right.end();
  });

  // Last: a queue with a current version gives nothing to workers without one.
  it('of many workers: runs at every point move when the operator says so, and no task is in vain', async () => {
    let go = (): void => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const runCommands = async ({ step: { name } }: { step: { name: string } }) => {
      const pulse = setInterval(heartbeatOf(Context.current()), PULSE_MS);
      if (name === 'link-20') await held;
      clearInterval(pulse);
      return { verdict: 'succeeded' as const };
    };
    const before = await work(versioned('1', old, { runCommands }));
    await setCurrent(server, '1');
    const atGate = await startRun(server, inputOf('at-gate', delivery()));
    const inStep = await startRun(server, inputOf('in-step', chain(40)));
    await stepIs(atGate, 'approve', 'waiting');
    await stepIs(inStep, 'link-19', 'succeeded');
    const after = await work(versioned('2', next, { runCommands }));
    await setCurrent(server, '2');
    const later = await startRun(server, inputOf('later', chain(3)));
    await approve(server, atGate, 'approve');
    go();
    for (const run of [atGate, inStep, later]) {
      expect(await run.result()).toEqual({ status: 'succeeded' });
    }
    await Promise.all([before.end(), after.end()]);
    for (const run of [atGate, inStep, later]) {
      const chapters = await chaptersOf(server, run);
      expect(chapters.flatMap(({ failedTasks }) => failedTasks)).toEqual([]);
      expect(chapters.at(-1)?.workers.at(-1)).toBe('2');
      expect(chapters[0]?.workers[0]).toBe(run === later ? '2' : '1');
    }
    expect((await chaptersOf(server, inStep)).length).toBeGreaterThan(1);
  });
});

/** Steps one after the other, behind nothing. */
function chain(length: number): PlannedStep[] {
  return Array.from({ length }, (_, index) =>
    step(`link-${index}`, index === 0 ? {} : { needs: [`link-${index - 1}`] }),
  );
}

function heartbeatOf(context: Context): () => void {
  return () => context.heartbeat();
}

function versioned(buildId: string, code: WorkflowBundle, activities: Partial<AllActivities>) {
  const workerDeploymentOptions = {
    version: { deploymentName: 'slipway', buildId },
    useWorkerVersioning: true as const,
    defaultVersioningBehavior: 'AUTO_UPGRADE' as const,
  };
  return { code, activities, options: { identity: buildId, workerDeploymentOptions } };
}

/** As `temporal worker deployment set-current-version` does, as soon as the worker has said that it is there. */
async function setCurrent({ client }: TemporalServer, buildId: string): Promise<void> {
  await eventually(`version ${buildId} is current`, async () => {
    await client.workflowService.setWorkerDeploymentCurrentVersion({
      namespace: 'default',
      deploymentName: 'slipway',
      buildId,
      identity: 'operator',
    });
    return true;
  });
}
