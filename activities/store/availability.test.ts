import { EventEmitter, once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDataSource } from './data-source.js';
import { StoreUnavailable } from './errors.js';
import { createStore } from './store.js';
import type { Store } from './store.ports.js';
import { type ThrowAway, throwAwayPostgres } from './testing.js';
import { at, openRun } from './testing.runs.js';

let postgres: ThrowAway;
let store: Store;
beforeAll(async () => {
  postgres = await throwAwayPostgres();
});
afterAll(async () => {
  await store?.close();
  await postgres?.remove();
});

/** Listens, and lets a test wait for what it must hear. */
async function ear(of: Store) {
  const heard: string[] = [];
  const arrivals = new EventEmitter();
  const stop = await of.listen((changed) => {
    heard.push(changed);
    arrivals.emit('heard');
  });
  const until = async (wanted: string): Promise<void> => {
    while (!heard.includes(wanted)) await once(arrivals, 'heard');
  };
  return { heard, until, stop };
}

describe('the schema', () => {
  it('is made once by four processes that start at the same moment', async () => {
    const four = await Promise.all([1, 2, 3, 4].map(() => createStore({ url: postgres.url })));
    await Promise.all(four.slice(1).map((other) => other.close()));
    store = four[0] as Store;
    const ran = await postgres.sql<{ name: string }>('SELECT name FROM migrations ORDER BY id');
    const names = ran.map(({ name }) => name);
    expect(names[0]).toBe('TheRecord1763683200001');
    expect(new Set(names).size).toBe(names.length);
  });

  it('is what the entities say it is', async () => {
    const source = createDataSource({ url: postgres.url });
    await source.initialize();
    try {
      const drift = await source.driver.createSchemaBuilder().log();
      expect(drift.upQueries.map((query) => query.query)).toEqual([]);
    } finally {
      await source.destroy();
    }
  });
});

describe('listening', () => {
  it('hears of every change of a run and a stage, and of nothing that did not change', async () => {
    const { heard, until, stop } = await ear(store);
    const runId = await openRun(store);
    await until(`run:${runId}`);
    heard.length = 0;
    const seen = {
      repository: 'web',
      name: 'staging',
      url: null,
      revision: 'r',
      digest: null,
      health: 'absent' as const,
      message: '',
    };
    await store.stages.observe(seen);
    await until('stage:web/staging');
    heard.length = 0;
    await store.stages.observe(seen);
    await store.runs.write({ runs: [{ runId, status: 'running', reason: null, at: at(1) }] });
    await until(`run:${runId}`);
    expect(heard).toEqual([`run:${runId}`]);
    await stop();
  });

  it('says when it may have missed something, and goes on', async () => {
    const { until, stop } = await ear(store);
    await postgres.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'slipway listen'`,
    );
    await until('reconnected');
    const runId = await openRun(store);
    await until(`run:${runId}`);
    await stop();
  });
});

describe('when PostgreSQL is away', () => {
  it('every method says so, ping answers no, and all goes on when it is back', async () => {
    const runId = await openRun(store);
    const { until, stop } = await ear(store);
    await postgres.halt();
    const asked = [
      store.runs.get(runId),
      store.runs.write({ runs: [{ runId, status: 'running', reason: null, at: at(1) }] }),
      store.users.get('ada'),
      store.users.put({ login: 'ada', teams: [], disabled: false }),
      store.audit.list({ limit: 1 }),
    ];
    for (const answer of await Promise.allSettled(asked)) {
      expect(answer).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    }
    await expect(store.runs.get(runId)).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('PostgreSQL cannot be reached'),
      help: expect.stringContaining('DATABASE_URL'),
    });
    await expect(createStore({ url: postgres.url })).rejects.toThrow(StoreUnavailable);
    expect(await store.ping()).toBe(false);
    await postgres.resume();
    await until('reconnected');
    expect(await store.ping()).toBe(true);
    expect(await store.runs.get(runId)).toMatchObject({ status: 'pending' });
    await stop();
  });

  it('lets every other error pass as it is', async () => {
    const order = await store.repositories.nextOrder('web');
    const run = await store.runs.get(await openRun(store));
    if (!run) throw new Error('no run');
    const foreign = { ...run, id: 'other-1' as typeof run.id, repository: 'nobodys', order };
    const opening = store.runs.open({ run: foreign, trigger: run.trigger, plan: null });
    await expect(opening).rejects.toMatchObject({ code: '23503' });
  });
});
