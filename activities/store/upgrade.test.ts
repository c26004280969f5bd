import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { packageRoot } from '../platform/package-root.js';
import { migrate } from './data-source.js';
import { TheRecord } from './migrations/0001-the-record.js';
import { createStore } from './store.js';
import type { Store } from './store.ports.js';
import { type ThrowAway, throwAwayPostgres } from './testing.js';

const folder = join(packageRoot(), 'activities', 'store', 'migrations');
const files = readdirSync(folder).filter((name) => name.endsWith('.sql'));
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

/** As release 0.1.0 left it: its schema, TypeORM's list of migrations, and a run at its gate. */
const RELEASE_0_1_0 = `
  ${read('0001-the-record.sql')}
  CREATE TABLE migrations (
    id serial PRIMARY KEY, "timestamp" bigint NOT NULL, name character varying NOT NULL);
  INSERT INTO migrations ("timestamp", name) VALUES (1763683200001, 'TheRecord1763683200001');
  INSERT INTO users (login, teams) VALUES ('ada', '{release-team}');
  INSERT INTO repositories (name, created_by, next_order) VALUES ('web', 'ada', 3);
  INSERT INTO runs (id, repository, pipeline, commit, branch, "order", trigger, plan, status, position)
  VALUES ('web-1', 'web', 'delivery', repeat('a', 40), 'main', 1,
          '{"kind":"push","by":"ada","inputs":{}}',
          '{"pipeline":"delivery","steps":[{"name":"test","kind":"run","spec":{"commands":["true"]}}]}',
          'succeeded', 2),
         ('web-2', 'web', 'delivery', repeat('b', 40), 'main', 2,
          '{"kind":"push","by":"ada","inputs":{}}',
          '{"pipeline":"delivery","steps":[{"name":"approve","kind":"approve","spec":{}}]}',
          'waiting', 1);
  INSERT INTO steps (run_id, name, index, kind, status, position)
  VALUES ('web-1', 'test', 0, 'run', 'succeeded', 1), ('web-2', 'approve', 0, 'approve', 'waiting', 1);
`;

describe('a database that release 0.1.0 made', () => {
  let postgres: ThrowAway;
  let stores: Store[];
  beforeAll(async () => {
    postgres = await throwAwayPostgres();
    await postgres.sql(RELEASE_0_1_0);
    const opened = Array.from({ length: 4 }, () => createStore({ url: postgres.url, poolSize: 2 }));
    stores = await Promise.all(opened);
  });
  afterAll(async () => {
    await Promise.all((stores ?? []).map((store) => store.close()));
    await postgres?.remove();
  });

  it('is brought up to date once, by one of four processes that start together', async () => {
    const ran = await postgres.sql<{ name: string }>('SELECT name FROM migrations ORDER BY id');
    expect(ran).toHaveLength(files.length);
    expect(new Set(ran.map(({ name }) => name)).size).toBe(files.length);
  });

  it('lists the runs that it had, and goes on with the one at its gate', async () => {
    const [store] = stores;
    const { items } = (await store?.runs.list({ limit: 10 })) ?? { items: [] };
    expect(items.map(({ id, status }) => [id, status])).toEqual([
      ['web-2', 'waiting'],
      ['web-1', 'succeeded'],
    ]);
    const end = { runId: 'web-2', status: 'succeeded', reason: null, at: new Date() } as const;
    await store?.runs.write({ runs: [end] });
    expect(await store?.runs.get('web-2')).toMatchObject({ status: 'succeeded' });
    expect(await store?.repositories.nextOrder('web')).toBe(3);
  });

  it('is left alone by a process of the release before, which knows fewer migrations', async () => {
    const before = new DataSource({
      type: 'postgres',
      url: postgres.url,
      migrations: [TheRecord],
      migrationsTableName: 'migrations',
    });
    await before.initialize();
    try {
      await migrate(before, postgres.url);
      const ran = await postgres.sql('SELECT name FROM migrations');
      expect(ran).toHaveLength(files.length);
      const seen = await before.query<{ id: string }[]>('SELECT id FROM runs ORDER BY id');
      expect(seen.map(({ id }) => id)).toEqual(['web-1', 'web-2']);
    } finally {
      await before.destroy();
    }
  });
});

describe('migrations', () => {
  it.each(files.slice(1))('take away nothing that the release before them uses: %s', (file) => {
    const sql = read(file).replace(/--.*$/gm, '');
    expect(sql).not.toMatch(/\bDROP\s+(TABLE|COLUMN)\b|\bRENAME\b|\bSET\s+NOT\s+NULL\b/i);
  });
});
