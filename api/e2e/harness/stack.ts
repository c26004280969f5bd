/** A real stack for a scenario: the process that `npm start` runs, on a home and ports of its own. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Client, createClient } from '../../client/client.js';
import type { Run } from '../../client/wire.js';
import { isAlive, type ProcessIdentity } from '../../dev/identity.js';
import { Clone } from './clone.js';
import { eventually } from './eventually.js';
import { type Ended, finish, type Started, start } from './process.js';

const ROOT = process.cwd();
const NODE = join(ROOT, 'node_modules/.bin/node');
/** Of a stack that is asked to stop. Milliseconds. */
const STOP_LIMIT_MS = 30_000;

/** Stacks that nobody has stopped yet. A test that is cut off leaves its own here. */
const begun = new Map<Started, { home: string; isOurs: boolean }>();
// Jest runs this after the hooks of the file's own blocks; elsewhere there is no such hook.
(globalThis as { afterAll?: (work: () => Promise<void>) => void }).afterAll?.(endBegun);

/** Ends every stack that was begun and not stopped, also one that is not ready yet. */
export async function endBegun(): Promise<void> {
  await Promise.all(
    [...begun].map(async ([started, { home, isOurs }]) => {
      await stop(started, home);
      if (isOurs) await rm(home, { recursive: true, force: true });
    }),
  );
}

export interface StackOptions {
  /** Reuse the home of a stack that ended. */
  home?: string;
  /** Through `npm start`'s own script instead of the compiled process. */
  fromScript?: boolean;
  args?: string[];
  env?: NodeJS.ProcessEnv;
  /** A command that ends by becoming the stack, as `nice` does. */
  through?: string[];
  /** The home as this process reaches it, where the stack has mounts of its own. */
  homeSeenBy?: (pid: number) => string;
}

export class E2eStack {
  readonly client: Client;

  private constructor(
    readonly home: string,
    readonly url: string,
    readonly token: string,
    readonly process: Started,
  ) {
    this.client = createClient({ url, token });
  }

  /** Homes of the stacks that were begun and have not ended. */
  static begun(): string[] {
    return [...begun.values()].map(({ home }) => home);
  }

  /** Starts and waits for `ready`. */
  static async start(options: StackOptions = {}): Promise<E2eStack> {
    const home = options.home ?? (await mkdtemp(join(tmpdir(), 'slipway-e2e-')));
    const args = options.args ?? ['--empty'];
    const env = { ...environment(), SLIPWAY_HOME: home, SLIPWAY_PORT: '0', ...options.env };
    const script = options.fromScript ? 'start.mjs' : 'dist/api/dev/main.js';
    const [command = NODE, ...rest] = [
      ...(options.through ?? []),
      NODE,
      join(ROOT, script),
      ...args,
    ];
    const started = start(command, rest, { env, cwd: ROOT });
    const isOurs = options.home === undefined;
    begun.set(started, { home, isOurs });
    void started.ended.finally(() => begun.delete(started)).catch(() => {});
    const [, url = ''] = await started.says(/^ready (http:\S+)$/m).catch(async (error: unknown) => {
      await stop(started, home);
      if (isOurs) await rm(home, { recursive: true, force: true });
      throw error;
    });
    const seen = options.homeSeenBy?.(started.child.pid ?? 0) ?? home;
    const token = (await readFile(join(seen, 'token'), 'utf8')).trim();
    return new E2eStack(seen, url, token, started);
  }

  /** The stack's processes, by name. */
  async processes(): Promise<(ProcessIdentity & { name: string })[]> {
    return processesOf(this.home);
  }

  async kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const found = (await this.processes()).find((one) => one.name === name);
    if (!found) throw new Error(`the stack has no process "${name}"`);
    process.kill(found.pid, signal);
    await eventually(`${name} is gone`, async () => !(await isAlive(found)));
  }

  /** kill -9 of everything at once, the supervisor first. */
  async killAll(): Promise<void> {
    const all = await this.processes();
    this.process.child.kill('SIGKILL');
    for (const { pid } of all) process.kill(pid, 'SIGKILL');
    await this.process.ended;
    for (const one of all)
      await eventually(`${one.name} is gone`, async () => !(await isAlive(one)));
  }

  /** Ctrl-C. Resolves with how it ended. */
  async interrupt(): Promise<Ended> {
    return stop(this.process, this.home);
  }

  /** Stops it and removes its home. */
  async end(): Promise<void> {
    await this.interrupt();
    await rm(this.home, { recursive: true, force: true });
  }

  /** The command line, as a person runs it. */
  slipway(...args: string[]): Promise<Ended> {
    const env = { ...environment(), SLIPWAY_HOME: this.home, NO_COLOR: '1' };
    return finish(NODE, [join(ROOT, 'bin/slipway.mjs'), ...args], { env, cwd: ROOT });
  }

  /** The same with --json, parsed. */
  async json<T>(...args: string[]): Promise<{ code: number | null; document: T }> {
    const { code, stdout } = await this.slipway(...args, '--json');
    return { code, document: JSON.parse(stdout) };
  }

  /** A new repository with these files, its remote set, nothing pushed yet. */
  clone(name: string, files: Record<string, string>): Promise<Clone> {
    return Clone.make({ name, url: this.url, token: this.token, files });
  }

  /** The run of a commit, as soon as it is there. */
  async runOf(repository: string, commit: string): Promise<Run> {
    const { id } = await eventually(`a run of ${commit.slice(0, 7)}`, async () => {
      const { items } = await this.client.runs.list({ repository, commit });
      return items[0];
    });
    return this.client.runs.get(id);
  }

  /** The run, once its status is one of these. */
  runIs(id: string, ...statuses: Run['status'][]): Promise<Run> {
    return eventually(`${id} is ${statuses.join(' or ')}`, async () => {
      const run = await this.client.runs.get(id);
      return statuses.includes(run.status) ? run : undefined;
    });
  }

  /** The address of a stage, once it has one. */
  async stageUrl(repository: string, stage: string): Promise<string> {
    return eventually(`${stage} has an address`, async () => {
      const found = await this.client.stages.get(repository, stage);
      return found.url ?? undefined;
    });
  }
}

async function processesOf(home: string): Promise<(ProcessIdentity & { name: string })[]> {
  return JSON.parse(await readFile(join(home, 'stack.json'), 'utf8'));
}

/** Ctrl-C; kill -9 of it and of what it had started when that takes too long. */
async function stop(started: Started, home: string): Promise<Ended> {
  started.child.kill('SIGINT');
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    started.child.kill('SIGKILL');
  }, STOP_LIMIT_MS);
  const ended = await started.ended;
  clearTimeout(late);
  if (isLate) {
    for (const one of await processesOf(home).catch(() => [])) {
      if (await isAlive(one)) process.kill(one.pid, 'SIGKILL');
    }
  }
  return ended;
}

function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _jest, ...rest } = process.env;
  return {
    ...rest,
    NO_COLOR: '1',
    PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env['PATH']}`,
  };
}
