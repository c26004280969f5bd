/** A pool of PostgreSQL connections with limits, and the two ways in which the store uses it. */
import pg from 'pg';
import { reaching } from './errors.js';

/** Waiting for a free or new connection, milliseconds. */
const CONNECT_LIMIT_MS = 5_000;
/** One statement on the server, and the same seen from here, milliseconds. */
const STATEMENT_LIMIT_MS = 10_000;
const ANSWER_LIMIT_MS = STATEMENT_LIMIT_MS + 2_000;
/** A transaction that says nothing is ended, milliseconds. */
const IDLE_TRANSACTION_LIMIT_MS = 30_000;
/** An unused connection is closed after this, milliseconds. */
const IDLE_CONNECTION_MS = 60_000;
/** Connections of one process. */
export const POOL_SIZE = 10;

export interface Queries {
  /**
   * @param name of a statement that is asked all the time: each connection then reads and plans it once.
   * It always stands for the same text.
   */
  query<Row extends object>(sql: string, values?: unknown[], name?: string): Promise<Row[]>;
}

/** Every method throws `StoreUnavailable` when PostgreSQL cannot be reached. */
export interface Db extends Queries {
  /** READ COMMITTED; rolled back when `work` throws. */
  transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T>;
}

/** int8 as number: positions, orders and ids of ours stay far below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8
      ? Number
      : (pg.types.getTypeParser(oid, format as 'text') as never),
};

/** Pool settings, also for TypeORM's pool. `name` is shown in pg_stat_activity. */
export function poolOptions(name: string, size: number = POOL_SIZE): pg.PoolConfig {
  return {
    max: size,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    statement_timeout: STATEMENT_LIMIT_MS,
    query_timeout: ANSWER_LIMIT_MS,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_LIMIT_MS,
    application_name: name,
    keepAlive: true,
    types,
  };
}

/** For processes that need a part of the store and no TypeORM; the caller ends the pool. */
export function openPool(url: string, name: string, size?: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, ...poolOptions(name, size) });
  pool.on('error', () => {}); // An idle connection was lost; the next query opens another or says so.
  return pool;
}

export function overPool(pool: pg.Pool): Db {
  return {
    query: (...asked) => reaching(async () => rowsOf(await pool.query(asQuery(...asked)))),
    transaction: (work) => reaching(() => inTransaction(pool, work)),
  };
}

async function inTransaction<T>(pool: pg.Pool, work: (tx: Queries) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const lost = new AbortController();
  const onError = () => lost.abort();
  client.on('error', onError);
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work({
      query: async (...asked) => rowsOf(await client.query(asQuery(...asked))),
    });
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failed: Error) => {
      broken = failed;
    });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken ?? lost.signal.aborted);
  }
}

function asQuery(text: string, values: unknown[] = [], name?: string): pg.QueryConfig {
  return name === undefined ? { text, values } : { text, values, name };
}

function rowsOf<Row>(result: pg.QueryResult): Row[] {
  return result.rows as Row[];
}
