import { afterEach, describe, expect, it } from '@jest/globals';
import type { PushRow } from '../../activities/store/store.ports.js';
import { PushRecovery } from './push.recovery.js';
import { eventually } from './testing/git-server.js';

// Git, the record and Temporal are played; git.test.ts has the real ones.

const row = (id: string): PushRow => ({
  id,
  repository: 'shop',
  ref: 'refs/heads/main',
  oldCommit: 'a'.repeat(40),
  newCommit: 'b'.repeat(40),
  by: 'ada',
  state: 'received',
  runId: `shop-${id}`,
  order: Number(id),
  pipeline: { run: { id: `shop-${id}` } },
  createdAt: new Date(),
});

let running: PushRecovery | undefined;
afterEach(() => running?.stop());

/** `trouble` names what fails right now. */
function played(rows: PushRow[], limits = { everyMs: 5, giveUpMs: 30 }) {
  const unsettled = new Map(rows.map((one) => [one.id, one]));
  const world = {
    carriedOut: false,
    trouble: undefined as 'record' | 'temporal' | undefined,
    launched: [] as string[],
    settled: [] as string[],
    looks: 0,
  };
  const fail = (what: typeof world.trouble) => {
    if (world.trouble === what) throw new Error(`${what} is away`);
  };
  const repositories = {
    unsettledPushes: async () => {
      world.looks++;
      fail('record');
      return [...unsettled.values()];
    },
    settlePush: async (id: string, state: string) => {
      fail('record');
      unsettled.delete(id);
      world.settled.push(`${id} ${state}`);
    },
  };
  const quiet = () => undefined;
  const recovery = new PushRecovery(
    {
      repositories: { carriedOut: async () => world.carriedOut } as never,
      store: { repositories } as never,
      runs: {
        prepare: async () => ({ none: '' }),
        launch: async ({ run }) => {
          fail('temporal');
          world.launched.push(run.id);
        },
      },
      log: { info: quiet, warn: quiet, error: quiet },
    },
    limits,
  );
  running = recovery;
  return { world, recovery };
}

describe('recovery of pushes', () => {
  it('launches what Git carried out', async () => {
    const { world, recovery } = played([row('1'), row('2')]);
    world.carriedOut = true;
    await recovery.recoverPushes();
    expect(world.launched.sort()).toEqual(['shop-1', 'shop-2']);
    expect(world.settled.sort()).toEqual(['1 accepted', '2 accepted']);
  });

  it('waits a while for what Git did not carry out, then drops it', async () => {
    const { world, recovery } = played([row('1')]);
    await recovery.recoverPushes();
    expect(world.settled).toEqual([]);
    await eventually(() => (world.settled.length > 0 ? true : undefined));
    expect(world.settled).toEqual(['1 dropped']);
    expect(world.launched).toEqual([]);
  });

  it('never gives up on what was accepted, however long Temporal or the record are away', async () => {
    const { world, recovery } = played([row('1')], { everyMs: 2, giveUpMs: 0 });
    world.carriedOut = true;
    world.trouble = 'temporal';
    await recovery.recoverPushes();
    await eventually(() => (world.looks > 3 ? true : undefined));
    world.trouble = 'record';
    const before = world.looks;
    await eventually(() => (world.looks > before + 3 ? true : undefined));
    world.trouble = undefined;
    await eventually(() => (world.settled.length > 0 ? true : undefined));
    expect([world.launched, world.settled]).toEqual([['shop-1'], ['1 accepted']]);
  });

  it('leaves alone what a live push holds, until the last one lets go', async () => {
    const { world, recovery } = played([row('1')]);
    world.carriedOut = true;
    recovery.hold('1');
    recovery.hold('1');
    expect(recovery.release('1')).toBe(false);
    await recovery.recoverPushes();
    expect(world.launched).toEqual([]);
    expect(recovery.release('1')).toBe(true);
    await recovery.recoverPushes();
    expect(world.launched).toEqual(['shop-1']);
  });
});
