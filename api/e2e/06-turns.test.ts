/** Three pushes, one stage: one at a time, in the order of the pushes. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { files, pipeline } from './harness/app.js';
import type { Clone } from './harness/clone.js';
import { eventually } from './harness/eventually.js';
import { E2eStack } from './harness/stack.js';

describe('turns', () => {
  let stack: E2eStack;
  let clone: Clone;
  beforeAll(async () => {
    stack = await E2eStack.start();
    clone = await stack.clone('web', files({ version: '0' }, pipeline()));
    await clone.push();
  });
  afterAll(async () => {
    await clone?.remove();
    await stack?.end();
  });

  it('are taken in the order of the pushes, and shown while a run waits for its turn', async () => {
    const slowest = ['2', '1', '0'];
    const pushes = [];
    for (const [index, delay] of slowest.entries()) {
      const text = pipeline().replace('node --check server.mjs', `sleep ${delay}`);
      const commit = await clone.commit(
        `push ${index}`,
        files({ version: String(index + 1) }, text),
      );
      pushes.push(clone.pushing());
      await stack.runOf('web', commit);
    }
    await eventually('somebody waits for a turn', async () => {
      const run = await stack.client.runs.get('web-4');
      const staging = run.steps.find(({ name }) => name === 'staging');
      return staging?.status === 'waiting' && /web-[23]/.test(staging.reason ?? '');
    });
    const { queue } = await stack.client.stages.get('web', 'staging');
    expect(queue.map(({ runId }) => runId)).toContain('web-4');
    for (const push of pushes) await push.ended;
    for (const id of ['web-2', 'web-3', 'web-4']) await stack.runIs(id, 'succeeded');
    const { history } = await stack.client.stages.get('web', 'staging');
    expect(history.map(({ runId }) => runId)).toEqual(['web-4', 'web-3', 'web-2', 'web-1']);
  });
});
