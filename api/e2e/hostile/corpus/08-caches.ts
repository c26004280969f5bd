/** Caches: what a run of one branch or repository stores is never met by one that it should not reach. */
import type { Clone } from '../../harness/clone.js';
import { type Hostile, must, pipeline } from '../entry.js';
import type { World } from '../world.js';

const CACHE = [{ key: 'deps', paths: ['deps'] }];
/** Shows what it finds, then stores its own. */
const store = (mine: string, more: string[] = []) =>
  pipeline({
    use: {
      run: [
        'cat deps/who 2>/dev/null || echo nothing',
        `mkdir -p deps; echo ${mine} > deps/who`,
        ...more,
      ],
      cache: CACHE,
    },
  });

/** Runs this pipeline on a branch; what the run found in its cache. */
async function found(
  world: World,
  clone: Clone,
  { branch, text, status = 'succeeded' }: { branch: string; text: string; status?: string },
): Promise<string> {
  await clone.git('checkout', '--quiet', '-B', branch);
  await clone.commit(`on ${branch}`, { '.slipway/pipeline.yaml': text });
  await world.pushedAlone(clone, `+HEAD:refs/heads/${branch}`);
  const { id } = await world.expectRun(clone, { status });
  const log = await world.log(id, 'use');
  return /^(nothing|by-\S+)$/m.exec(log)?.[1] ?? log;
}

export const CACHES: Hostile[] = [
  {
    tries: 'a run of another branch reads the cache of main, and never writes it',
    heldBy: 'everywhere',
    happens: async (world) => {
      const clone = await world.repository({ a: 'a' });
      const step = async (
        branch: string,
        wanted: string,
        text = store(`by-${branch}`),
        status?: string,
      ) => {
        const seen = await found(world, clone, { branch, text, ...(status && { status }) });
        must(seen === wanted, `${branch} finds "${seen}" and not "${wanted}"`);
      };
      await step('main', 'nothing');
      await step('evil', 'by-main');
      await step('main', 'by-main', store('by-main'));
      await step('evil', 'by-evil');
      await step('other', 'by-main');
      // Names that would be main's, were they put together without care.
      await step('main/../main', 'by-main').catch(isBadName);
      await step('main","main', 'by-main');
      await step('Main', 'by-main');
      await step('main', 'by-main');
      await step('main', 'by-main', store('by-failure', ['false']), 'failed');
      await step('main', 'by-main');
    },
  },
  {
    tries: 'a run of another repository never meets the cache',
    heldBy: 'everywhere',
    happens: async (world) => {
      for (const _turn of [1, 2]) {
        const clone = await world.repository({ a: 'a' });
        const seen = await found(world, clone, { branch: 'main', text: store('by-main') });
        must(seen === 'nothing', `${clone.name} finds "${seen}"`);
      }
    },
  },
];

/** Git itself refuses it, before anybody is asked. */
function isBadName(error: unknown): void {
  must(/not a valid branch name|invalid refspec/.test(String(error)), String(error));
}
