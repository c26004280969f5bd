import { describe, expect, it } from '@jest/globals';
import { type Client, ScheduleAlreadyRunning } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createExpireActivities, type Expiring } from './expire.activities.js';
import { scheduleRetention } from './retention.schedule.js';

const logger = new DefaultLogger('ERROR');
const before = {
  default: '2026-01-01T00:00:00.000Z',
  year: '2025-04-01T00:00:00.000Z',
  legal: '2019-04-01T00:00:00.000Z',
};

function aStore(trouble?: Error) {
  const heard: unknown[] = [];
  const store: Expiring = {
    privacy: {
      expire: async (times, limit) => {
        if (trouble) throw trouble;
        heard.push([times, limit]);
        return { conversation: 2, turn: 5, ticket: 1 };
      },
    },
    usage: { forget: async (time) => void heard.push(time) },
  };
  return { store, heard };
}
const run = (activities: ReturnType<typeof createExpireActivities>) =>
  new MockActivityEnvironment({}, { logger }).run(activities.expire, { before, limit: 200 });

describe('what is too old', () => {
  it('is deleted by its class, and counted', async () => {
    const { store, heard } = aStore();
    const counts = await run(createExpireActivities(store));
    expect(counts).toEqual({ conversation: 2, turn: 5, ticket: 1 });
    const times = {
      default: new Date(before.default),
      year: new Date(before.year),
      legal: new Date(before.legal),
    };
    expect(heard).toEqual([[times, 200], new Date(before.default)]);
  });

  it('is deleted where tickets are kept elsewhere, too', async () => {
    const asked: unknown[] = [];
    const elsewhere = {
      expire: async (time: Date, limit: number) => asked.push([time, limit]) + 6,
    };
    const counts = await run(createExpireActivities(aStore().store, elsewhere));
    expect(counts).toEqual({ conversation: 2, turn: 5, ticket: 8 });
    expect(asked).toEqual([[new Date(before.year), 200]]);
  });

  it('waits while the record is away', async () => {
    const trouble = new Error('gone');
    await expect(run(createExpireActivities(aStore(trouble).store))).rejects.toThrow('gone');
  });
});

describe('the schedule of retention', () => {
  const days = { default: 90, year: 365, legal: 2_557 };
  function clientWhere(present: { state: object } | undefined, trouble?: Error) {
    const made: Record<string, unknown>[] = [];
    const schedule = {
      create: async (options: Record<string, unknown>) => {
        if (trouble) throw trouble;
        if (present) throw new ScheduleAlreadyRunning('there', 'retention');
        made.push(options);
      },
      getHandle: () => ({
        update: async (change: (previous: object) => Record<string, unknown>) => {
          made.push(change(present ?? {}));
        },
      }),
    };
    return { client: { schedule } as unknown as Pick<Client, 'schedule'>, made };
  }
  const wanted = { taskQueue: 'slipway', days };

  it('starts it once a day, and never twice at once', async () => {
    const { client, made } = clientWhere(undefined);
    expect(await scheduleRetention(client, wanted)).toBe('created');
    expect(made).toEqual([
      expect.objectContaining({
        scheduleId: 'retention',
        policies: { overlap: 'SKIP', catchupWindow: '1 day' },
        action: expect.objectContaining({
          workflowType: 'retention',
          taskQueue: 'slipway',
          args: [{ days }],
        }),
      }),
    ]);
  });

  it('that is there learns the days of today, and stays paused where somebody paused it', async () => {
    const state = { paused: true, note: 'by ada' };
    const { client, made } = clientWhere({ state });
    expect(await scheduleRetention(client, { ...wanted, days: { ...days, default: 30 } })).toBe(
      'updated',
    );
    expect(made).toEqual([
      expect.objectContaining({
        state,
        action: expect.objectContaining({ args: [{ days: { ...days, default: 30 } }] }),
      }),
    ]);
  });

  it('is made later when Temporal is away', async () => {
    const { client } = clientWhere(undefined, new Error('Temporal is away'));
    await expect(scheduleRetention(client, wanted)).rejects.toThrow('Temporal is away');
  });
});
