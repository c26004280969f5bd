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

/** Ports that are tried for one server. */
const MAX_PORTS = 3;

/** Takes about a second. One per test file: call `remove` in `afterAll`. */
export async function throwAwayPostgres(): Promise<ThrowAway> {
  const root = await mkdtemp(join(tmpdir(), 'slipway-postgres-'));
  await chmod(root, 0o755);
  const onPort = (port: number) => ({
    folder: join(root, 'data'),
    port,
    fsync: false,
    log: join(root, 'postgres.log'),
  });
  const started = await onFreePort((port) => startPostgres(onPort(port)));
  const options = onPort(started.port);
  let { server } = started;
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

/** Somebody may take a port between our look and its use. */
async function onFreePort<Server>(start: (port: number) => Promise<Server>) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return { server: await start(port), port };
    } catch (error) {
      if (attempt === MAX_PORTS) throw error;
    }
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
