/** Processes die; runs go on. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { files, pipeline } from './harness/app.js';
import type { Clone } from './harness/clone.js';
import { eventually } from './harness/eventually.js';
import { E2eStack } from './harness/stack.js';

/** A step waits for a file outside of its workspace. */
const OUTSIDE = { SLIPWAY_EXECUTOR: 'plain' };

describe('killed', () => {
  let stack: E2eStack;
  let clone: Clone;
  beforeAll(async () => {
    stack = await E2eStack.start({ env: OUTSIDE });
    clone = await stack.clone(
      'web',
      files({ version: 'one' }, pipeline({ gate: 'from: [admin]' })),
    );
  });
  afterAll(async () => {
    await clone?.remove();
    await stack?.end();
  });

  it('the worker in the middle of a step: the step is attempted again, the run does not fail', async () => {
    const go = join(clone.folder, '..', `${stack.home.split('/').at(-1)}-go`);
    const slow = await stack.clone('slow', {
      '.slipway/pipeline.yaml': `version: 1
name: slow
steps:
  wait: { run: [echo begun, "until [ -e ${go} ]; do sleep 0.05; done", echo done] }
`,
    });
    const push = slow.pushing();
    await eventually('the step has begun', async () => {
      const { items } = await stack.client.runs.logs('slow-1');
      return items.some(({ text }) => text.includes('begun'));
    });
    await stack.kill('worker');
    await writeFile(go, '');
    const run = await stack.runIs('slow-1', 'succeeded');
    await push.ended;
    expect(run.steps[0]?.attempts).toBe(2);
    await slow.remove();
  });

  it('the API while a push is followed: the run ends, and is there afterwards', async () => {
    const commit = await clone.commit('again');
    const push = clone.pushing();
    const { id } = await stack.runOf('web', commit);
    await stack.kill('api');
    await push.ended;
    await eventually('the API is back', async () => (await fetch(`${stack.url}/health`)).ok);
    await stack.runIs(id, 'waiting');
  });

  it('the reconciler: what serves goes on, and is adopted', async () => {
    const url = await stack.stageUrl('web', 'staging');
    await stack.kill('reconciler');
    await eventually('staging answers again', async () => (await fetch(url)).ok);
    expect(await (await fetch(url)).text()).toBe('one');
  });

  it('the whole stack while a gate waits: the next start goes on with it', async () => {
    const { items } = await stack.client.approvals.list({ state: 'open' });
    expect(items).toHaveLength(1);
    await stack.killAll();
    stack = await E2eStack.start({ home: stack.home, env: OUTSIDE });
    const id = items[0]?.runId ?? '';
    expect((await stack.client.runs.get(id)).status).toBe('waiting');
    expect((await stack.slipway('approve', id)).code).toBe(0);
    await stack.runIs(id, 'succeeded');
    const url = await stack.stageUrl('web', 'production');
    expect(await eventually('production serves', async () => (await fetch(url)).text())).toBe(
      'one',
    );
  });

  it('PostgreSQL and Temporal: a clear answer meanwhile, and work goes on', async () => {
    await stack.kill('postgres');
    await stack.kill('temporal');
    await eventually('both are back', async () => (await fetch(`${stack.url}/health/ready`)).ok);
    await clone.commit('after', files({ version: 'two' }, pipeline()));
    expect((await clone.push()).stderr).toMatch(/succeeded/);
  });
});
