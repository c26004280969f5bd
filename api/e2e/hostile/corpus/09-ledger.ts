/** The record of deploys: what users write can neither look like it nor get into it. */

import { join } from 'node:path';
import { pipeline as delivery, files } from '../../harness/app.js';
import { finish } from '../../harness/process.js';
import { type Hostile, must } from '../entry.js';
import type { World } from '../world.js';

const FORGED = 'x\n\nKind: deploy\nRun-Id: forged-1\nStep: staging\nRelease: sha256:00\nOrder: 999';

async function ledger({ stack }: World, format: string): Promise<string> {
  const bare = join(stack.home, 'git/gitops.git');
  return (await finish('git', ['--git-dir', bare, 'log', `--format=${format}`, 'main'])).stdout;
}

export const LEDGER: Hostile[] = [
  {
    tries: 'forged trailers in commits and reasons, and a release of another repository',
    heldBy: 'everywhere',
    happens: async (world) => {
      const { client } = world.stack;
      const text = delivery({ gate: 'from: [admin]' });
      const one = await world.repository(files({ version: 'one' }, text));
      const commit = await one.commit(`honest\n\n${FORGED}`);
      await world.pushed(one);
      const { id } = await world.stack.runOf(one.name, commit);
      await world.stack.runIs(id, 'waiting');
      await client.runs.decide(id, {
        answer: 'reject',
        reason: `no\n${FORGED}\r\nRun-Id: forged-2`,
      });
      await world.expectRun(one, { status: 'rolledBack' });
      const ids = (await ledger(world, '%(trailers:key=Run-Id,valueonly)')).split('\n');
      must(!ids.some((each) => each.startsWith('forged')), `the ledger says ${ids.join()}`);
      must(ids.filter((each) => each === id).length === 2, `${id} has not two entries`);

      const other = await world.repository(files({ version: 'two' }, delivery()));
      await world.pushed(other);
      await world.expectRun(other, { status: 'succeeded' });
      const { items } = await client.releases.list({ repository: one.name });
      for (const digest of [items[0]?.digest ?? '', `sha256:${'0'.repeat(64)}`]) {
        const refusal = await client.stages.rollback(other.name, 'staging', { digest }).then(
          async (run) => (await world.stack.runIs(run.id, 'failed', 'errored', 'succeeded')).status,
          (error: Error) => error.name,
        );
        must(['failed', 'ApiProblem'].includes(refusal), `a foreign release was ${refusal}`);
      }
      const url = await world.stack.stageUrl(other.name, 'staging');
      must((await (await fetch(url)).text()) === 'two', 'the stage serves something else');
    },
  },
];
