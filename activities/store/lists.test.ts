import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BadCursor } from './errors.js';
import { createStore } from './store.js';
import type { Page, Store } from './store.ports.js';
import { type ThrowAway, throwAwayPostgres } from './testing.js';
import { openRun } from './testing.runs.js';

// A list must show every row once, also when rows share a time; and it must find them by an index.

const RUNS = 5_000;
let postgres: ThrowAway;
let store: Store;

beforeAll(async () => {
  postgres = await throwAwayPostgres();
  store = await createStore({ url: postgres.url });
  await openRun(store);
  await postgres.sql(
    `INSERT INTO repositories (name, created_by)
       SELECT 'repository-' || i, 'ada' FROM generate_series(1, 20) i`,
  );
  await postgres.sql(
    `INSERT INTO runs (id, repository, pipeline, commit, branch, "order", trigger, status,
                       created_at)
       SELECT 'run-' || i, 'repository-' || (1 + i % 20), 'delivery', md5(i::text), 'main', i, '{}',
              CASE WHEN i % 50 = 0 THEN 'failed' ELSE 'succeeded' END,
              '2026-01-01'::timestamptz + (i / 3) * interval '1 microsecond'
         FROM generate_series(1, ${RUNS}) i`,
  );
  await postgres.sql(
    `INSERT INTO gates (run_id, step, approvers, required, self_approval, evidence, opened_at,
                        expires_at, outcome)
       SELECT 'run-' || i, 'approve', '{}', 1, false, '{}', '2026-01-01', '2026-02-01',
              CASE WHEN i % 100 > 0 THEN 'approved' END FROM generate_series(1, ${RUNS}) i`,
  );
  await postgres.sql(
    `INSERT INTO log_chunks (run_id, position, step, attempt, stream, at, text)
       SELECT 'run-' || (1 + i % 50), i, 'test', 1, 'stdout', now(), 'x'
         FROM generate_series(1, 20000) i`,
  );
  await postgres.sql(
    `INSERT INTO releases (digest, repository, commit, run_id, artifacts)
       SELECT md5(i::text), 'repository-' || (1 + i % 20), 'c', 'run-' || i, '[]'
         FROM generate_series(1, ${RUNS}) i`,
  );
  await postgres.sql(
    `INSERT INTO stage_history (repository, stage, revision, kind, run_id)
       SELECT 'repository-' || (1 + i % 200), 'staging', i, 'deploy', 'run-' || i
         FROM generate_series(1, ${RUNS}) i`,
  );
  await postgres.sql('ANALYZE');
});
afterAll(async () => {
  await store?.close();
  await postgres?.remove();
});

async function walk<T>(page: (cursor?: string) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const { items: more, next } = await page(cursor);
    items.push(...more);
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return items;
}
const from = (cursor?: string) => (cursor === undefined ? {} : { cursor });

describe('paging', () => {
  it('shows every run once, newest first, with three runs in each microsecond', async () => {
    const runs = await walk((cursor) => store.runs.list({ limit: 97, ...from(cursor) }));
    const ids = runs.map((run) => run.id);
    expect(new Set(ids).size).toBe(RUNS + 1);
    expect(ids).toHaveLength(RUNS + 1);
    const times = runs.map((run) => run.createdAt.getTime());
    expect([...times].sort((a, b) => b - a)).toEqual(times);
  });

  it('keeps to its filters', async () => {
    const filter = { repository: 'repository-1', status: 'failed' as const, limit: 7 };
    const runs = await walk((cursor) => store.runs.list({ ...filter, ...from(cursor) }));
    expect(runs).toHaveLength(50);
    expect(runs.every((r) => r.repository === 'repository-1' && r.status === 'failed')).toBe(true);
  });

  it('shows every gate, release and stage event once', async () => {
    const open = await walk((cursor) =>
      store.gates.list({ state: 'open', limit: 9, ...from(cursor) }),
    );
    expect(new Set(open.map((gate) => gate.runId)).size).toBe(50);
    const releases = await walk((cursor) => store.stages.releases({ limit: 190, ...from(cursor) }));
    expect(new Set(releases.map((release) => release.digest)).size).toBe(RUNS);
    const asked = { repository: 'repository-2', stage: 'staging', limit: 11 };
    const events = await walk((cursor) => store.stages.history({ ...asked, ...from(cursor) }));
    expect(new Set(events.map((event) => event.revision)).size).toBe(RUNS / 200);
  });

  it('shows every repository, user, token and stage once, in its order', async () => {
    await postgres.sql(
      `WITH u AS (INSERT INTO users (login) SELECT 'user-' || i FROM generate_series(1, 30) i
                  RETURNING login)
       INSERT INTO tokens (login, name, hash, scopes)
         SELECT login, 'laptop', sha256(login::bytea), '{}' FROM u`,
    );
    await postgres.sql(
      `INSERT INTO stages (repository, name)
         SELECT 'repository-' || r, 'stage-' || s FROM generate_series(1, 5) r, generate_series(1, 5) s`,
    );
    const names = async <T>(
      list: (page: { limit: number; cursor?: string }) => Promise<Page<T>>,
      name: (item: T) => string,
    ) => (await walk((cursor) => list({ limit: 7, ...from(cursor) }))).map(name);
    const repositories = await names(store.repositories.list, ({ name }) => name);
    expect(repositories).toHaveLength(21);
    const users = await names(store.users.list, ({ login }) => login);
    expect(users).toHaveLength(30);
    const stages = await names(store.stages.list, (stage) => `${stage.repository}/${stage.name}`);
    expect(stages).toHaveLength(25);
    for (const each of [repositories, users, stages]) expect([...each].sort()).toEqual(each);
    expect(new Set(await names(store.users.tokens, ({ id }) => id)).size).toBe(30);
    const own = await store.users.tokens({ login: 'user-7', limit: 7 });
    expect(own.items.map(({ login }) => login)).toEqual(['user-7']);
  });

  it('gives at most 200 items a page', async () => {
    expect((await store.runs.list({ limit: 100_000 })).items).toHaveLength(200);
  });

  it('refuses a cursor that it did not give out', async () => {
    const forged = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url');
    const time = '2026-02-31T00:00:00.000000Z'; // No such day.
    for (const cursor of [
      '',
      'nonsense',
      forged({}),
      forged(['x', 'y']),
      forged([time, 'run-1']),
    ]) {
      await expect(store.runs.list({ limit: 5, cursor })).rejects.toThrow(BadCursor);
      await expect(store.audit.list({ limit: 5, cursor })).rejects.toThrow(BadCursor);
    }
  });
});

describe('the indexes', () => {
  const PLANS: [query: string, index: string][] = [
    ['SELECT id FROM runs ORDER BY created_at DESC, id DESC LIMIT 51', 'runs_newest'],
    [
      `SELECT id FROM runs WHERE (created_at, id) < ('2026-01-01'::timestamptz, 'run-9')
        ORDER BY created_at DESC, id DESC LIMIT 51`,
      'runs_newest',
    ],
    [
      `SELECT id FROM runs WHERE repository = 'repository-1'
        ORDER BY created_at DESC, id DESC LIMIT 51`,
      'runs_repository',
    ],
    [
      `SELECT id FROM runs WHERE status = 'failed' ORDER BY created_at DESC, id DESC LIMIT 51`,
      'runs_status',
    ],
    [
      `SELECT id FROM runs WHERE repository = 'repository-2' AND commit = md5('1')
        ORDER BY created_at DESC, id DESC LIMIT 51`,
      'runs_commit',
    ],
    [
      `SELECT run_id FROM gates WHERE outcome IS NULL
        ORDER BY opened_at DESC, run_id DESC, step DESC LIMIT 51`,
      'gates_open',
    ],
    [
      'SELECT run_id FROM gates ORDER BY opened_at DESC, run_id DESC, step DESC LIMIT 51',
      'gates_newest',
    ],
    [
      `SELECT text FROM log_chunks WHERE run_id = 'run-7' AND position > 100 AND position <= 9000
        ORDER BY position LIMIT 100`,
      'log_chunks_pkey',
    ],
    [
      'SELECT digest FROM releases ORDER BY created_at DESC, digest DESC LIMIT 51',
      'releases_newest',
    ],
    [
      `SELECT digest FROM releases WHERE repository = 'repository-3'
        ORDER BY created_at DESC, digest DESC LIMIT 51`,
      'releases_repository',
    ],
    [
      `SELECT id FROM stage_history WHERE repository = 'repository-2' AND stage = 'staging'
        ORDER BY id DESC LIMIT 51`,
      'stage_history_newest',
    ],
  ];

  it.each(PLANS)('serve %s by %s', async (query, index) => {
    const plan = await postgres.sql<{ 'QUERY PLAN': string }>(`EXPLAIN ${query}`);
    const lines = plan.map((row) => row['QUERY PLAN']).join('\n');
    expect(lines).toContain(index);
    expect(lines).not.toContain('Seq Scan');
  });
});
