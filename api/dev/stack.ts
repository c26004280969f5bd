/** The stack on one machine: Temporal, PostgreSQL, reconciler, worker, API. Started in order, stopped in reverse. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { folders } from '../../activities/platform/config.js';
import { findPostgres } from '../../activities/store/postgres.js';
import { Child, type ChildSpec } from './child.js';
import { type DiskWatch, watchDisk } from './disk-watch.js';
import { executorLines } from './executor.js';
import { endLeftovers, writeDown } from './leftovers.js';
import { takeLock } from './lock.js';
import { choosePorts, type Ports } from './ports.js';
import type { Screen } from './screen.js';
import { findTemporal } from './temporal-binary.js';
import { listens, temporalArguments } from './temporal-server.js';
import { adminToken, stageTokenFile } from './token.js';

export interface Stack {
  home: string;
  url: string;
  token: string;
  temporalUi: string;
  stop(): Promise<void>;
}

export interface StackOptions {
  /** Absolute folder of all state. */
  home: string;
  /** Wanted port of the API; 0 for any. */
  port: number;
  env: NodeJS.ProcessEnv;
  screen: Screen;
  /** A process could not be kept alive. */
  gaveUp: (reason: string) => void;
}

/** Small heaps: the stack shall idle below 700 MB. The reconciler needs no speed of its own. */
const HEAP_FLAGS = ['--max-semi-space-size=2', '--enable-source-maps'];
const SMALLEST = ['--optimize-for-size'];

/** Ours, by name: files in dist/. Those that others wait for are bundles, see scripts/bundle.processes.mjs. */
const PROCESSES = {
  api: 'api.js',
  worker: 'activities/worker/main.js',
  reconciler: 'reconciler.js',
};

/** @throws {AlreadyRunning} {NoTemporal} or the words of the process that did not start. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { home, screen } = options;
  for (const folder of [home, ...Object.values(folders(home))]) {
    await mkdir(folder, { recursive: true });
  }
  const unlock = await takeLock(home);
  const children: Child[] = [];
  const disk = watchDisk(home, (text) => screen.warn(text));
  const stop = async (): Promise<void> => {
    disk.stop();
    for (const child of [...children].reverse()) await child.stop();
    await unlock();
  };
  try {
    const left = await endLeftovers(home);
    if (left.length > 0) screen.line(`  ended what an earlier stack left: ${left.join(', ')}`);
    const ports = await choosePorts(home, options.port);
    if (options.port && ports.api !== options.port) {
      screen.warn(`port ${options.port} is taken; the API answers on ${ports.api}`);
    }
    return { ...(await startParts({ ...options, ...disk }, ports, children)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  options: StackOptions & Pick<DiskWatch, 'trouble'>,
  ports: Ports,
  children: Child[],
): Promise<Omit<Stack, 'stop'>> {
  const { home, screen, env } = options;
  const launch = async (spec: ChildSpec): Promise<void> => {
    const child = new Child(spec, folders(home), {
      changed: () =>
        writeDown(
          home,
          Object.fromEntries(children.flatMap((c) => (c.pid ? [[c.name, c.pid] as const] : []))),
        ),
      say: (text) => screen.warn(text),
      gaveUp: options.gaveUp,
      trouble: options.trouble,
    });
    children.push(child);
    await child.start();
  };

  const temporal = await temporalPart(options, ports, launch);
  const databaseUrl = await postgresPart(options, ports, launch);
  const token = await adminToken(home);
  const url = `http://127.0.0.1:${ports.api}`;
  const ours: NodeJS.ProcessEnv = {
    ...env,
    MALLOC_ARENA_MAX: '2', // glibc would keep an arena per thread and core.
    SLIPWAY_HOME: home,
    SLIPWAY_PORT: String(ports.api),
    SLIPWAY_ADMIN_TOKEN_FILE: join(home, 'token'),
    SLIPWAY_STAGE_TOKEN_FILE: await stageTokenFile(home),
    SLIPWAY_STAGE_CHAT_URL: `${url}/v1`,
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_UI_URL: temporal.ui,
  };
  await screen.during('Slipway', async (note) => {
    await Promise.all(
      Object.entries(PROCESSES).map(([name, script]) => launch(nodeProcess(name, script, ours))),
    );
    note(Object.keys(PROCESSES).join(', '));
  });
  for (const line of await executorLines(home)) screen.line(line);
  await writeFile(join(home, 'url'), url);
  return { home, url, token, temporalUi: temporal.ui };
}

async function temporalPart(
  { home, screen, env }: StackOptions,
  ports: Ports,
  launch: (spec: ChildSpec) => Promise<void>,
): Promise<{ address: string; ui: string }> {
  const given = env['TEMPORAL_ADDRESS'];
  if (given) return { address: given, ui: env['TEMPORAL_UI_URL'] ?? '' };
  return screen.during('Temporal', async (note) => {
    const binary = await findTemporal(env, (text) => screen.line(`    ${text}`));
    const server = {
      file: join(home, 'temporal.db'),
      port: ports.temporal,
      uiPort: ports.temporalUi,
    };
    await launch({
      name: 'temporal',
      command: binary.path,
      args: temporalArguments(server),
      env,
      ready: () => listens(server.port),
    });
    note(`from ${binary.source}`);
    return { address: `127.0.0.1:${server.port}`, ui: `http://127.0.0.1:${server.uiPort}` };
  });
}

async function postgresPart(
  { home, screen, env }: StackOptions,
  ports: Ports,
  launch: (spec: ChildSpec) => Promise<void>,
): Promise<string> {
  const given = env['DATABASE_URL'];
  if (given) return given;
  return screen.during('PostgreSQL', async () => {
    const server = await findPostgres({ folder: join(home, 'postgres'), port: ports.postgres });
    await launch({
      name: 'postgres',
      command: server.command,
      args: server.args,
      env: server.env,
      ready: () => server.ready(),
      stopSignal: 'SIGINT',
      ...server.owner,
    });
    return server.url;
  });
}

function nodeProcess(name: string, script: string, env: NodeJS.ProcessEnv): ChildSpec {
  const file = new URL(`../../${script}`, import.meta.url).pathname;
  const flags = name === 'reconciler' ? [...HEAP_FLAGS, ...SMALLEST] : HEAP_FLAGS;
  return { name, command: process.execPath, args: [...flags, file], env, hasPulse: true };
}
