/** Temporal's limits, met on purpose: runs go around them, or say no with advice, and always end. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { approvalId, decide } from '../../workflows/approval/approval.messages.js';
import { MAX_PLAN_BYTES, MAX_STEPS_IN_PROGRESS } from '../../workflows/domain/limits.js';
import type { StepResult } from '../../workflows/domain/step.js';
import type { PlannedStep, StepOf } from '../../workflows/pipeline/plan.js';
import { cancel, gateAnswered, state } from '../../workflows/run/run.messages.js';
import { presentBundle } from '../../workflows/testing/bundle.js';
import { gate, step } from '../../workflows/testing/plans.js';
import { eventually } from './harness/eventually.js';
import { approve, chaptersOf, inputOf, scheduledIn, startRun, stepIs } from './temporal/runs.js';
import { startTemporal, type TemporalServer } from './temporal/server.js';
import { type Running, startWorker, type WorkerChoices } from './temporal/workers.js';

/** Temporal suggests a new history this early, so that runs of a few seconds go through several. */
const SUGGESTION_EVENTS = 400;
const OUTPUT = 'x'.repeat(60_000);
/** A sign of life of an activity that is held up. */
const PULSE_MS = 500;

describe('Temporal’s limits', () => {
  let server: TemporalServer;
  const workers: Running[] = [];
  const work = async (choices: WorkerChoices = {}) => {
    const worker = await startWorker(server, { code: await presentBundle(), ...choices });
    workers.push(worker);
    return worker;
  };
  beforeAll(async () => {
    server = await startTemporal(`limit.historyCount.suggestContinueAsNew=${SUGGESTION_EVENTS}`);
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.end();
  });
  afterAll(() => server?.end());

  it('a chain longer than a history goes through several, and runs each step once', async () => {
    const ran: string[] = [];
    await work({ activities: { runCommands: remembering(ran) } });
    const steps = chain(300);
    const run = await startRun(server, inputOf('long', steps));
    expect(await run.result()).toEqual({ status: 'succeeded' });
    expect(ran).toEqual(steps.map(({ name }) => name));
    expect((await chaptersOf(server, run)).length).toBeGreaterThan(2);
  });

  it('a thousand parallel steps start in the order of the file, at most 500 at once', async () => {
    const ran: string[] = [];
    await work({ activities: { runCommands: remembering(ran) } });
    const steps = Array.from({ length: 1_000 }, (_, index) => step(`step-${index}`));
    const run = await startRun(server, inputOf('wide', steps));
    expect(await run.result()).toEqual({ status: 'succeeded' });
    expect(new Set(ran)).toEqual(new Set(steps.map(({ name }) => name)));
    expect(ran).toHaveLength(1_000);
    const { names, mostAtOnce } = await scheduledIn(server, run);
    expect(names).toEqual(steps.map(({ name }) => name));
    expect(mostAtOnce).toBeLessThanOrEqual(MAX_STEPS_IN_PROGRESS);
  });

  it('a plan as large as it may be, in a script of three bytes a letter, is handed over', async () => {
    await work();
    const steps = chain(200);
    const room = MAX_PLAN_BYTES - Buffer.byteLength(JSON.stringify(inputOf('large', steps).plan));
    const script = '界'.repeat(Math.floor(room / 3 / steps.length));
    const large = steps.map((each) => ({ ...each, spec: { commands: [`true${script}`] } }));
    const run = await startRun(server, inputOf('large', large as PlannedStep[]));
    expect(await run.result()).toEqual({ status: 'succeeded' });
    expect((await chaptersOf(server, run)).length).toBeGreaterThan(1);
  });

  it('an output that many steps read is not sent to all of them at once', async () => {
    await work({ activities: { runCommands: writing(['source']) } });
    const readers = Array.from({ length: 600 }, (_, index) =>
      step(`reader-${index}`, { needs: ['source'], env: { V: '${{ steps.source.outputs.v }}' } }),
    );
    const run = await startRun(server, inputOf('read', [step('source'), ...readers]));
    expect(await run.result()).toEqual({ status: 'succeeded' });
    const chapters = await chaptersOf(server, run);
    expect(chapters.flatMap(({ failedTasks }) => failedTasks)).toEqual([]);
    expect(chapters.length).toBeGreaterThan(1);
  });

  it('outputs that do not fit together are a no that says what to do', async () => {
    const writers = Array.from({ length: 40 }, (_, index) => step(`writer-${index}`));
    const names = writers.map(({ name }) => name);
    await work({ activities: { runCommands: writing(names) } });
    const V = names.map((name) => `\${{ steps.${name}.outputs.v }}`).join('');
    const run = await startRun(
      server,
      inputOf('heavy', [...writers, step('reader', { needs: names, env: { V } })]),
    );
    const { status, reason } = await run.result();
    expect(status).toBe('failed');
    expect(reason).toMatch(/^writer-\d+: what later steps need of this one weighs \d+ bytes/);
    expect(reason).toContain('hand files on with "artifacts"');
  });

  describe('while a gate waits, and the history is full', () => {
    it('an answer that comes just then counts', async () => {
      const edge = await atTheEdge('answered');
      await edge.run.signal(gateAnswered, { step: 'approve', outcome: 'approved', reason: null });
      await edge.isHeard(2);
      await work();
      expect(await edge.run.result()).toEqual({ status: 'succeeded' });
    });

    it('a cancel that comes just then ends the gate, too', async () => {
      const edge = await atTheEdge('cancelled');
      const asked = { by: 'ada', reason: 'wrong branch' };
      const answer = edge.run.executeUpdate(cancel, { args: [asked] });
      await work();
      expect(await answer).toEqual({ status: 'running' });
      expect(await edge.run.result()).toMatchObject({ status: 'cancelled' });
      const gateOf = server.client.workflow.getHandle(approvalId(edge.run.workflowId, 'approve'));
      expect(await gateOf.result()).toMatchObject({ outcome: 'cancelled' });
    });

    it('the gate goes along, and is answered in the next history', async () => {
      const { run } = await atTheEdge('carried');
      await work();
      await eventually('the run went on in a new history', async () => {
        const chapters = await chaptersOf(server, run);
        return chapters.length > 1 && (await run.query(state)).status === 'waiting';
      });
      await approve(server, run, 'approve');
      expect(await run.result()).toEqual({ status: 'succeeded' });
    });

    /** Whatever is said now reaches the run in the one workflow task in which it would move on. */
    async function atTheEdge(name: string) {
      let go = (): void => {};
      const held = new Promise<void>((resolve) => {
        go = resolve;
      });
      const holding = async ({ step: { name: at } }: RunStep): Promise<StepResult> => {
        const pulse = setInterval(heartbeatOf(Context.current()), PULSE_MS);
        if (at === 'last') await held;
        clearInterval(pulse);
        return { verdict: 'succeeded' };
      };
      const decides = await work({ options: { enableNonLocalActivities: false } });
      await work({ code: undefined, activities: { runCommands: holding } });
      const steps = [...chain(130), gate(['link-0']), step('last', { needs: ['link-0'] })];
      const run = await startRun(server, inputOf(name, steps));
      await stepIs(run, 'link-129', 'succeeded');
      await stepIs(run, 'approve', 'waiting');
      await decides.end();
      const isHeard = async (more: number): Promise<void> => {
        await eventually('the run has not been told yet', async () => {
          const [first] = await chaptersOf(server, run);
          return (first?.news ?? 0) >= more;
        });
      };
      go();
      await isHeard(1);
      return { run, isHeard };
    }
  });

  it('twenty-five people who answer at once are all heard: Temporal takes ten at a time', async () => {
    await work();
    const people = Array.from({ length: 25 }, (_, index) => `person-${index}`);
    const many = gate(['test'], { spec: { required: 20 } } as Partial<StepOf<'approve'>>);
    const run = await startRun(server, inputOf('crowd', [step('test'), many]));
    await stepIs(run, 'approve', 'waiting');
    const open = server.client.workflow.getHandle(approvalId(run.workflowId, 'approve'));
    const answers = await Promise.allSettled(
      people.map((by) =>
        open.executeUpdate(decide, { args: [{ answer: 'approve', by, teams: [] }] }),
      ),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    expect(await run.result()).toEqual({ status: 'succeeded' });
  });
});

function heartbeatOf(context: Context): () => void {
  return () => context.heartbeat();
}

function chain(length: number): PlannedStep[] {
  return Array.from({ length }, (_, index) =>
    step(`link-${index}`, index === 0 ? {} : { needs: [`link-${index - 1}`] }),
  );
}

type RunStep = { step: { name: string } };

function remembering(ran: string[]) {
  return async ({ step: { name } }: RunStep): Promise<StepResult> => {
    ran.push(name);
    return { verdict: 'succeeded' };
  };
}

function writing(names: string[]) {
  return async ({ step: { name } }: RunStep): Promise<StepResult> =>
    names.includes(name)
      ? { verdict: 'succeeded', outputs: { v: OUTPUT } }
      : { verdict: 'succeeded' };
}
