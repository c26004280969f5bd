/** Which executor runs the steps of this worker, and why: said where people look. */
import { homedir } from 'node:os';
import type { Config } from '../platform/config.js';
import { packageRoot } from '../platform/package-root.js';
import type { Executor } from './build.ports.js';
import { PlainExecutor } from './plain.adapter.js';
import { probe } from './sandbox/probe.js';
import { SandboxExecutor } from './sandbox/sandbox.adapter.js';
import { type Found, findTools } from './sandbox/tools.js';

export interface Choice {
  executor: Executor;
  /** For `npm start` and `slipway doctor`. */
  report: ExecutorReport;
}

export interface ExecutorReport {
  executor: 'sandbox' | 'plain' | 'none';
  /** One sentence. */
  message: string;
  /** What to do; empty when all is as it was asked for. */
  help: string;
}

export interface ChoiceParts {
  config: Config;
  /** PATH of the commands. */
  path: string;
  /** Of this process alone; workspaces are made in it. */
  folder: string;
  /** Holds the repositories. */
  repositories: string;
  /** Looks for the programs of the sandbox. */
  find?: () => Promise<Found>;
}

/**
 * `plain` when it is asked for, or when nothing is asked for and the sandbox does not work here. When
 * `sandbox` is asked for and does not work, steps are errored and say why: never silently plain.
 */
export async function chooseExecutor(parts: ChoiceParts): Promise<Choice> {
  const wanted = parts.config.SLIPWAY_EXECUTOR;
  if (wanted === 'plain') return plain('SLIPWAY_EXECUTOR=plain asks for it', '');
  const sandbox = await openSandbox(parts);
  if (sandbox.ok) {
    const message = 'sandbox: steps are isolated from this machine and from each other';
    return { executor: sandbox.executor, report: { executor: 'sandbox', message, help: '' } };
  }
  const { reason, help } = sandbox;
  if (wanted === '')
    return plain(`the sandbox is not available: ${reason}`, `For the sandbox: ${help}`);
  const message = `SLIPWAY_EXECUTOR=sandbox asks for the sandbox, which is not available: ${reason}`;
  const words = `${message}. Do this, then start the worker again: ${help}`;
  const executor = new MissingExecutor(words);
  return { executor, report: { executor: 'none', message, help } };
}

function plain(why: string, help: string): Choice {
  const message = `plain: steps run as this user and are not isolated (${why})`;
  return { executor: new PlainExecutor(), report: { executor: 'plain', message, help } };
}

type Opened = { ok: true; executor: Executor } | { ok: false; reason: string; help: string };

async function openSandbox(parts: ChoiceParts): Promise<Opened> {
  const { config, path, folder, repositories, find = findTools } = parts;
  if (process.platform !== 'linux') {
    return { ok: false, reason: 'it needs Linux', help: 'run the worker on Linux' };
  }
  const found = await find();
  if (!found.ok) return found;
  const executor = new SandboxExecutor({
    tools: found.tools,
    limits: {
      memoryMib: config.SLIPWAY_STEP_MEMORY_MIB,
      cpuSeconds: config.SLIPWAY_STEP_CPU_SECONDS,
      processes: config.SLIPWAY_STEP_PROCESSES,
      openFiles: config.SLIPWAY_STEP_OPEN_FILES,
      diskMib: config.SLIPWAY_STEP_DISK_MIB,
    },
    view: {
      path,
      readable: config.SLIPWAY_STEP_READABLE.split(':').filter((each) => each !== ''),
      hidden: [config.SLIPWAY_HOME, packageRoot(), homedir()],
    },
    folder,
    readable: [repositories],
  });
  const probed = await probe(executor, folder);
  if (probed.ok) return { ok: true, executor };
  await executor.close();
  return probed;
}

/** Stands where the wanted executor should: whoever starts something hears what to do. */
class MissingExecutor implements Executor {
  readonly notice: string;
  readonly owner = undefined;

  constructor(private readonly words: string) {
    this.notice = 'executor sandbox: not available';
  }

  refusalOf(): undefined {
    return undefined;
  }

  async shell(): Promise<never> {
    throw new Error(this.words);
  }

  start(): Promise<never> {
    return this.shell();
  }

  async handOver(): Promise<void> {}

  async close(): Promise<void> {}
}
