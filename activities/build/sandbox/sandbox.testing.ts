/** What the tests of the sandbox share: an executor with its own folders, and commands run in it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FakeLogs } from '../../logs/logs.fake.js';
import type { Network } from '../build.ports.js';
import { type Ending, runCommands } from '../runner.js';
import { type Workspace, Workspaces } from '../workspace.js';
import type { StepLimits } from './limits.js';
import { SandboxExecutor } from './sandbox.adapter.js';
import { findTools } from './tools.js';

export const LIMITS: StepLimits = {
  memoryMib: 2_048,
  cpuSeconds: 600,
  processes: 512,
  openFiles: 1_024,
  diskMib: 1_024,
};

/** PATH of the commands: the system's, and this Node's own folder. */
export const PATH = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;

/** @throws {Error} that says what to install: the tests of the sandbox are never skipped. */
export async function openSandbox(
  root: string,
  { controlGroups, ...limits }: StandOptions = {},
): Promise<SandboxExecutor> {
  const found = await findTools();
  if (!found.ok) throw new Error(`these tests need the sandbox: ${found.reason}; ${found.help}`);
  return new SandboxExecutor({
    tools: found.tools,
    limits: { ...LIMITS, ...limits },
    view: { path: PATH, readable: [], hidden: [root] },
    folder: join(root, 'work'),
    readable: [],
    ...(controlGroups !== undefined && { controlGroups }),
  });
}

export interface StandOptions extends Partial<StepLimits> {
  /** A folder that is none, to do without them. */
  controlGroups?: string;
}

/** One sandbox, its workspaces, and what its steps said. */
export class SandboxStand {
  readonly logs = new FakeLogs();
  readonly cancel = new AbortController();

  private constructor(
    readonly root: string,
    readonly executor: SandboxExecutor,
    readonly workspaces: Workspaces,
  ) {}

  static async open(options: StandOptions = {}): Promise<SandboxStand> {
    const root = await mkdtemp(join(tmpdir(), 'slipway-sandbox-'));
    const executor = await openSandbox(root, options);
    const workspaces = new Workspaces(join(root, 'work'), () => {}, executor.owner);
    return new SandboxStand(root, executor, workspaces);
  }

  async close(): Promise<void> {
    await this.executor.close();
    await this.workspaces.close();
    await rm(this.root, { recursive: true, force: true });
  }

  async workspace(): Promise<Workspace> {
    const made = await this.workspaces.create();
    return { ...made, tree: made.home }; // For commands a checkout is a folder like any other.
  }

  async run(
    commands: string[],
    more: {
      network?: Network;
      stageUrl?: string;
      env?: Record<string, string>;
      limitMs?: number;
      maxOutputBytes?: number;
      readable?: string[];
      workspace?: Workspace;
    } = {},
  ): Promise<Ending> {
    const { network = 'default', limitMs = 60_000, env, stageUrl, maxOutputBytes } = more;
    const { readable = [] } = more;
    const workspace = more.workspace ?? (await this.workspace());
    return runCommands(this.executor, {
      commands,
      folder: workspace.tree,
      env: {
        PATH,
        HOME: workspace.home,
        TMPDIR: workspace.temp,
        SLIPWAY_OUTPUT: workspace.output,
        ...env,
      },
      scratch: workspace.scratch,
      writable: workspace.root,
      readable,
      network,
      stageUrl,
      maxOutputBytes,
      deadlineMs: performance.now() + limitMs,
      cancellation: this.cancel.signal,
      log: this.logs.open({ runId: 'r-1', step: 'test', attempt: 1 }),
    });
  }
}
