import { describe, expect, it } from '@jest/globals';
import type { RunLoad } from '../../activities/store/store.ports.js';
import type { Place } from '../../workflows/stage/stage.messages.js';
import { Busy } from '../platform/errors.js';
import { RUN_LIMITS, RunQueue } from './run-queue.js';

const LIMITS = { busy: 10, open: 30, openOfRepository: 20 };

/** A record with so many runs, looked at by a clock that stands still. */
function queueOver(load: Partial<RunLoad>) {
  const record = { openOfRepository: 0, open: 0, busy: 0, endedPerSecond: 0, ...load };
  const seen = { looks: 0, ms: 0, trouble: undefined as Error | undefined };
  const runs = {
    load: async () => {
      seen.looks++;
      if (seen.trouble) throw seen.trouble;
      return { ...record };
    },
  };
  return { record, seen, queue: new RunQueue({ runs }, LIMITS, () => seen.ms) };
}

async function refusal(queue: RunQueue): Promise<Busy> {
  const refused = await queue.admit('web').catch((error: unknown) => error);
  if (refused instanceof Busy) return refused;
  throw new Error(`a start that should be refused was ${String(refused)}`);
}

describe('a start', () => {
  it('finds room below every limit', async () => {
    const { queue } = queueOver({ busy: 9, open: 29, openOfRepository: 19 });
    await expect(queue.admit('web')).resolves.toBeUndefined();
  });

  it.each([
    [{ busy: 10 }, '10 runs wait for work already'],
    [{ open: 30 }, '30 runs are open already'],
    [{ openOfRepository: 20 }, '"web" has 20 open runs already'],
  ])('is refused at the limit: %j', async (load, message) => {
    const { queue } = queueOver({ ...load, endedPerSecond: 1 });
    expect(await refusal(queue)).toMatchObject({ code: 'busy', message });
  });

  it('counts those that were admitted since the record was looked at', async () => {
    const { queue, seen } = queueOver({ busy: 8, endedPerSecond: 1 });
    await queue.admit('web');
    await queue.admit('shop');
    await refusal(queue);
    expect(seen.looks).toBeLessThanOrEqual(2);
  });

  it('finds room again when the record says so', async () => {
    const { queue, record, seen } = queueOver({ busy: 10, endedPerSecond: 1 });
    await refusal(queue);
    Object.assign(record, { busy: 9 });
    seen.ms += 1_000;
    await expect(queue.admit('web')).resolves.toBeUndefined();
  });

  it('waits for nobody when the record is away, and asks again', async () => {
    const { queue, seen } = queueOver({});
    seen.trouble = new Error('PostgreSQL cannot be reached');
    await expect(queue.admit('web')).rejects.toThrow('cannot be reached');
    seen.trouble = undefined;
    await expect(queue.admit('web')).resolves.toBeUndefined();
  });
});

describe('who is refused', () => {
  it('is told when there will be room, by the pace of the last minute', async () => {
    const { queue } = queueOver({ busy: 129, endedPerSecond: 10 });
    const refused = await refusal(queue);
    expect(refused.retryAfterSeconds).toBe(12);
    expect(refused.help).toBe(
      'Try again in 12 s, or add workers; 600 runs ended in the last minute.',
    );
  });

  it('is told another time than those before, so that not all come back at once', async () => {
    const { queue } = queueOver({ busy: 10, endedPerSecond: 1 });
    const told = [];
    for (let turn = 0; turn < 4; turn++) told.push((await refusal(queue)).retryAfterSeconds);
    expect(told).toEqual([1, 2, 3, 4]);
  });

  it('is told a minute when nothing has ended for one', async () => {
    const { queue } = queueOver({ open: 30 });
    expect((await refusal(queue)).retryAfterSeconds).toBe(60);
  });
});

describe('the limit of a repository', () => {
  it("keeps the longest queue of a stage below what Temporal takes as a workflow's input", () => {
    const place: Place = {
      runId: `${'r'.repeat(40)}-1234567`,
      order: 1_234_567,
      state: 'approaching',
    };
    const queue = Array.from({ length: RUN_LIMITS.openOfRepository }, () => place);
    expect(JSON.stringify(queue).length).toBeLessThan(1_900_000);
  });
});
