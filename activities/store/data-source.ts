/** TypeORM's view of the record: entities, migrations, and the pool that all of the store uses. */
import pg from 'pg';
import { DataSource, type Logger } from 'typeorm';
import { poolOptions } from './db.js';
import { entities } from './entities/index.js';
import { reaching } from './errors.js';
import { TheRecord } from './migrations/0001-the-record.js';
import { Secrets } from './migrations/0002-secrets.js';
import { Indexes } from './migrations/0003-indexes.js';
import { Chat } from './migrations/0004-chat.js';

/** Any number that no other user of the database locks: "slipway" in ASCII, cut to 48 bits. */
const MIGRATION_LOCK = 0x736c69707761;
/** Waiting for another process that migrates, milliseconds. */
const MIGRATION_LOCK_LIMIT_MS = 300_000;

/** TypeORM prints failed migrations to the console; we throw what it throws, and our caller logs. */
const silent: Logger = {
  logQuery: () => {},
  logQueryError: () => {},
  logQuerySlow: () => {},
  logSchemaBuild: () => {},
  logMigration: () => {},
  log: () => {},
};

export interface StoreOptions {
  /** `postgres://user:password@host:port/database`. */
  url: string;
  /** Shown in pg_stat_activity. Default `slipway`. */
  name?: string;
  /** Connections of this process. Default POOL_SIZE. */
  poolSize?: number;
}

export function createDataSource({ url, name = 'slipway', poolSize }: StoreOptions): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    entities,
    migrations: [TheRecord, Secrets, Indexes, Chat],
    migrationsTableName: 'migrations',
    synchronize: false,
    uuidExtension: 'pgcrypto', // Means gen_random_uuid(), which needs no extension any more.
    installExtensions: false,
    logger: silent,
    poolErrorHandler: () => {}, // An idle connection was lost; the next query opens another.
    extra: poolOptions(name, poolSize),
  });
}

/** The pool behind an initialised data source. */
export function poolOf(source: DataSource): pg.Pool {
  return (source.driver as unknown as { master: pg.Pool }).master;
}

/**
 * Brings the schema up to date. Repeatable; of several processes at once one works, the others wait
 * for it, at most 5 minutes.
 */
export async function migrate(source: DataSource, url: string): Promise<void> {
  const lock = new pg.Client({ connectionString: url, application_name: 'slipway migrations' });
  lock.on('error', () => {}); // The queries below say it.
  await lock.connect();
  try {
    await lock.query(`SET lock_timeout = ${MIGRATION_LOCK_LIMIT_MS}`);
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await source.runMigrations({ transaction: 'each' });
  } finally {
    await lock.end();
  }
}

/** An open data source with the newest schema. @throws {StoreUnavailable} */
export async function openDataSource(options: StoreOptions): Promise<DataSource> {
  const source = createDataSource(options);
  return reaching(async () => {
    try {
      await source.initialize();
      await migrate(source, options.url);
      return source;
    } catch (error) {
      if (source.isInitialized) await source.destroy().catch(() => {});
      throw error;
    }
  });
}
