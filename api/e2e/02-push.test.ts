/** From a clone: push, watch it in the push's own output, push something wrong. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { files, pipeline } from './harness/app.js';
import type { Clone } from './harness/clone.js';
import { E2eStack } from './harness/stack.js';

/** A step waits for a file outside of its workspace. */
const OUTSIDE = { SLIPWAY_EXECUTOR: 'plain' };

describe('a push', () => {
  let stack: E2eStack;
  let clone: Clone;
  beforeAll(async () => {
    stack = await E2eStack.start({ env: OUTSIDE });
    clone = await stack.clone('web', files({ version: 'one' }, pipeline()));
  });
  afterAll(async () => {
    await clone?.remove();
    await stack?.end();
  });

  it('creates the repository, streams its run back, and ends when the run ends', async () => {
    const { code, stderr } = await clone.push();
    expect(code).toBe(0);
    expect(stderr).toMatch(/remote: ▸ test … ok [\d.]+ m?s/);
    expect(stderr).toMatch(/remote: ▸ integration … ok/);
    expect(stderr).toMatch(/remote: web-1 succeeded/);
    const url = await stack.stageUrl('web', 'staging');
    expect(await (await fetch(url)).text()).toBe('one');
  });

  it('keeps the log of every step', async () => {
    const { stdout } = await stack.slipway('logs', 'web-1', 'test');
    expect(stdout).toContain('$ node --check server.mjs');
  });

  it('with errors in the pipeline is accepted as a commit and answered with all findings', async () => {
    const bad =
      'version: 1\nname: web\nsteps:\n  a: { needs: [b], rum: [true] }\n  c: { run: [true], timeout: soon }\n';
    const commit = await clone.commit('bad', { '.slipway/pipeline.yaml': bad });
    const { code, stderr } = await clone.push();
    expect(code).toBe(0);
    expect(stderr).toMatch(/pipeline\.yaml:4 .*did you mean "run"/);
    expect(stderr).toMatch(/pipeline\.yaml:4 .*no step "b"/);
    expect(stderr).toMatch(/pipeline\.yaml:5 .*timeout/);
    const run = await stack.runOf('web', commit);
    expect(run).toMatchObject({ status: 'failed', steps: [{ name: 'lint', status: 'failed' }] });
  });

  it('that is interrupted never stops its run', async () => {
    const slow = `version: 1
name: web
steps:
  slow: { run: [echo begun, "while [ ! -e ${clone.folder}/go ]; do sleep 0.05; done", echo done] }
`;
    const commit = await clone.commit('slow', { '.slipway/pipeline.yaml': slow });
    const push = clone.pushing();
    const { id } = await stack.runOf('web', commit);
    await stack.runIs(id, 'running');
    push.interrupt();
    await push.ended;
    await clone.commit('go', { go: '' });
    const run = await stack.runIs(id, 'succeeded');
    expect(run.steps).toMatchObject([{ name: 'slow', exitCode: 0 }]);
  });

  it('without a pipeline says how to add one', async () => {
    const bare = await stack.clone('bare', { 'README.md': 'hello' });
    const { code, stderr } = await bare.push();
    expect(code).toBe(0);
    expect(stderr).toContain('.slipway/pipeline.yaml');
    expect((await stack.client.runs.list({ repository: 'bare' })).items).toEqual([]);
    await bare.remove();
  });

  it('of two branches at once makes one run each', async () => {
    await clone.git('rm', '--quiet', '--cached', 'go');
    const commit = await clone.commit('two', {
      '.slipway/pipeline.yaml': 'version: 1\nname: web\nsteps:\n  a: { run: [true] }\n',
    });
    await clone.git('branch', 'other');
    const { code } = await clone.push('other');
    expect(code).toBe(0);
    const { items } = await stack.client.runs.list({ repository: 'web', commit });
    expect(new Set(items.map(({ branch }) => branch))).toEqual(new Set(['main', 'other']));
  });
});
