/** A throw-away PostgreSQL for tests: real, fast, gone afterwards. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from './postgres.js';

export interface ThrowAway {
  url: string;
  pid: number;
  /** Runs SQL past the store, for what no port offers. */
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Starts it again on the same port after `halt`. */
  resume(): Promise<void>;
  /** Stops it and keeps its data. */
  halt(): Promise<void>;
  /** Stops it and removes everything. */
  remove(): Promise<void>;
}

/** Takes about a second. One per test file: call `remove` in `afterAll`. */
export async function throwAwayPostgres(): Promise<ThrowAway> {
  const root = await mkdtemp(join(tmpdir(), 'slipway-postgres-'));
  await chmod(root, 0o755);
  const options = {
    folder: join(root, 'data'),
    port: await freePort(),
    fsync: false,
    log: join(root, 'postgres.log'),
  };
  let server = await startPostgres(options);
  return {
    url: server.url,
    get pid() {
      return server.pid;
    },
    sql: (text, values) => once(server.url, text, values),
    resume: async () => {
      server = await startPostgres(options);
    },
    halt: () => server.stop(),
    remove: async () => {
      await server.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function once<Row extends object>(url: string, text: string, values?: unknown[]) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ port: 0, host: '127.0.0.1' }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
