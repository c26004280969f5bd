/**
 * The corpus of hostile repositories, pipelines, model files and people against real stacks: what steps do
 * with the executor `sandbox`, and again with `plain` where it does not need the sandbox.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CORPUS } from './corpus/index.js';
import type { Hostile } from './entry.js';
import { World } from './world.js';

/** Entries that happen side by side. */
const AT_ONCE = 6;
const LIMIT_MS = 600_000;

const HELD: Record<'sandbox' | 'plain', Hostile['heldBy'][]> = {
  sandbox: ['everywhere', 'sandbox'],
  plain: ['everywhere', 'chat'],
};

describe.each(['sandbox', 'plain'] as const)('with the executor %s', (executor) => {
  const entries = CORPUS.filter(({ heldBy }) => HELD[executor].includes(heldBy));
  const outcomes = new Map<Hostile, PromiseWithResolvers<void>>();
  let world: World;

  beforeAll(async () => {
    for (const entry of entries) outcomes.set(entry, settledLater());
    world = await World.begin(executor);
    const waiting = [...entries];
    void Promise.all(Array.from({ length: AT_ONCE }, () => work(world, waiting)));
  }, LIMIT_MS);
  afterAll(() => world?.end(), LIMIT_MS);

  /** Takes entries until there are none: they are told in their order, and happen as there is room. */
  async function work(at: World, waiting: Hostile[]): Promise<void> {
    for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
      const outcome = outcomes.get(entry);
      await entry.happens(at).then(outcome?.resolve, outcome?.reject);
    }
  }

  it.each(entries.map((entry) => [entry.tries, entry] as const))(
    '%s',
    async (_tries, entry) => {
      await expect(outcomes.get(entry)?.promise).resolves.toBeUndefined();
    },
    LIMIT_MS,
  );

  it(
    'nobody was harmed: all is as it was, nothing is left, and the next run succeeds',
    () => world.isUnharmed(),
    LIMIT_MS,
  );
});

/** A failure waits for the test that tells it. */
function settledLater(): PromiseWithResolvers<void> {
  const later = Promise.withResolvers<void>();
  later.promise.catch(() => undefined);
  return later;
}
