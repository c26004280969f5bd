/** What lies in PostgreSQL, asked for directly, over every outage that the killer makes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

/** Longest outage that a question bridges, and how often it asks. Milliseconds. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 25;

/** Positions are bigint, and small. */
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export class Record {
  private constructor(private readonly pool: pg.Pool) {}

  /** The database of a stack, by what its home says. */
  static async of(home: string): Promise<Record> {
    const [password, ports] = await Promise.all([
      readFile(join(home, 'postgres.password'), 'utf8'),
      readFile(join(home, 'ports.json'), 'utf8'),
    ]);
    const { postgres } = JSON.parse(ports) as { postgres: number };
    const pool = new pg.Pool({
      host: '127.0.0.1',
      port: postgres,
      user: 'slipway',
      database: 'postgres',
      password: password.trim(),
      max: 4,
      connectionTimeoutMillis: 5_000,
    });
    pool.on('error', () => {}); // An idle connection died: the next question opens another one.
    return new Record(pool);
  }

  /** @throws the last answer, after a minute without a good one. */
  async rows<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return (await this.pool.query<T>(sql, values)).rows;
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
      await wait(RETRY_MS);
    }
  }

  /** Whether it answers at this moment. */
  async answers(): Promise<boolean> {
    try {
      await this.pool.query('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
