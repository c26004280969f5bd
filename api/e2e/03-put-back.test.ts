/** A release that does not hold: put back by itself, with the reason, and nobody notices. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { files, pipeline, service } from './harness/app.js';
import type { Clone } from './harness/clone.js';
import { E2eStack } from './harness/stack.js';

describe('putting back', () => {
  let stack: E2eStack;
  let clone: Clone;
  beforeAll(async () => {
    stack = await E2eStack.start();
    clone = await stack.clone('web', files({ version: 'one' }, pipeline()));
    expect((await clone.push()).code).toBe(0);
  });
  afterAll(async () => {
    await clone?.remove();
    await stack?.end();
  });

  it('brings the previous release back when a check says no, and drops no request meanwhile', async () => {
    const url = await stack.stageUrl('web', 'staging');
    const commit = await clone.commit('break health', {
      'server.mjs': service({ version: 'two', broken: true }),
    });
    let asking = true;
    const answers: number[] = [];
    const visitor = (async () => {
      while (asking) answers.push((await fetch(url)).status);
    })();
    const { stderr } = await clone.push();
    asking = false;
    await visitor;
    expect(stderr).toMatch(/remote: ▸ integration … failed/);
    expect(stderr).toMatch(/remote: web-2 was put back/);
    const run = await stack.runOf('web', commit);
    expect(run.status).toBe('rolledBack');
    expect(run.reason).toMatch(/\/health/);
    expect(await (await fetch(url)).text()).toBe('one');
    expect(new Set(answers)).toEqual(new Set([200]));
  });

  it('is a commit in the GitOps repository, like the deploy', async () => {
    const stage = await stack.client.stages.get('web', 'staging');
    expect(stage.history.map(({ kind, runId }) => [kind, runId])).toEqual([
      ['putBack', 'web-2'],
      ['deploy', 'web-2'],
      ['deploy', 'web-1'],
    ]);
    expect(stage.serving?.runId).toBe('web-1');
    expect(stage.history[0]?.digest).toBe(stage.serving?.digest);
  });

  it('empties a stage that served nothing before', async () => {
    const other = await stack.clone('fresh', files({ version: 'x', broken: true }, pipeline()));
    await other.push();
    const run = await stack.client.runs.get('fresh-1');
    expect(run.status).toBe('rolledBack');
    expect((await stack.client.stages.get('fresh', 'staging')).serving).toBeNull();
    await other.remove();
  });

  it('happens when a person cancels after the deploy, and `always` steps still run', async () => {
    const text = pipeline({
      steps: `  hold: { needs: [integration], run: [sleep 600] }
  report: { when: always, needs: [hold], continueOnError: true, run: [echo reported] }
`,
    });
    const commit = await clone.commit('three', files({ version: 'three' }, text));
    const push = clone.pushing();
    const { id } = await stack.runOf('web', commit);
    await push.says(/▸ integration … ok/);
    const { code } = await stack.slipway('cancel', id, '-m', 'wrong day');
    expect(code).toBe(0);
    const run = await stack.runIs(id, 'cancelled');
    await push.ended;
    expect(run.reason).toContain('wrong day');
    expect(run.steps.find(({ name }) => name === 'report')?.status).toBe('succeeded');
    const url = await stack.stageUrl('web', 'staging');
    expect(await (await fetch(url)).text()).toBe('one');
  });

  it('can be asked for by a person: a rollback is a run of its own', async () => {
    await clone.commit('four', files({ version: 'four' }, pipeline()));
    expect((await clone.push()).stderr).toMatch(/succeeded/);
    const url = await stack.stageUrl('web', 'staging');
    expect(await (await fetch(url)).text()).toBe('four');
    const { code, document } = await stack.json<unknown>(
      'rollback',
      'web/staging',
      '--watch',
      '-m',
      'colours are off',
    );
    expect(code).toBe(0);
    expect(document).toMatchObject({ status: 'succeeded', trigger: { kind: 'rollback' } });
    expect(await (await fetch(url)).text()).toBe('one');
  });
});
