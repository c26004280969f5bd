/** Workspaces: where one attempt of one step works. Each worker process has a folder of its own. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { MakeDirectoryOptions } from 'node:fs';
import { chown, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Owner } from './build.ports.js';
import { endMarked } from './processes.js';

const run = promisify(execFile);

/** Removals that come in within this time share one `rm`: a process, not our CPU, does the work. */
const GATHER_MS = 500;
/** Workspaces of one `rm`. */
const MAX_REMOVED_AT_ONCE = 200;

export interface Workspace {
  /** Holds all that commands may write, and nothing of anybody else's. */
  root: string;
  /** The checkout; made by who checks out. */
  tree: string;
  /** HOME of the commands. */
  home: string;
  /** TMPDIR of the commands. */
  temp: string;
  /** Our own files about this attempt, beside the root; commands are not told of it. */
  scratch: string;
  /** SLIPWAY_OUTPUT; comes into being when the commands write to it. */
  output: string;
}

export class Workspaces {
  private readonly doomed: string[] = [];
  private readonly hurry = new AbortController();
  private removing: Promise<void> | undefined;
  private made: Promise<unknown> | undefined;

  /**
   * @param folder of this process alone; see workerFolder.
   * @param owner see Executor.
   */
  constructor(
    readonly folder: string,
    private readonly notice: (message: string) => void = () => {},
    private readonly owner?: Owner,
  ) {}

  async create(): Promise<Workspace> {
    this.made ??= this.makeOwn(this.folder, { recursive: true, mode: 0o700 });
    await this.made;
    const root = join(this.folder, randomBytes(6).toString('hex'));
    await this.makeOwn(root);
    const [home, temp, scratch] = [join(root, 'home'), join(root, 'tmp'), `${root}.scratch`];
    await Promise.all([home, temp, scratch].map((each) => this.makeOwn(each)));
    return { root, tree: join(root, 'tree'), home, temp, scratch, output: outputIn(root) };
  }

  /** Soon; delays nobody. */
  remove({ root, scratch }: Workspace): void {
    this.doomed.push(root, scratch);
    this.removing ??= this.removeSoon();
  }

  /** Removes everything that this process made. */
  async close(): Promise<void> {
    this.hurry.abort();
    await this.removing;
    await removeAll([this.folder]);
  }

  private async makeOwn(folder: string, options: MakeDirectoryOptions = {}): Promise<void> {
    await mkdir(folder, options);
    if (this.owner) await chown(folder, this.owner.uid, this.owner.gid);
  }

  private async removeSoon(): Promise<void> {
    await pause(GATHER_MS, undefined, { signal: this.hurry.signal }).catch(() => {});
    try {
      while (this.doomed.length > 0) await removeAll(this.doomed.splice(0, MAX_REMOVED_AT_ONCE));
    } catch (error) {
      this.notice(`workspaces stay behind until the next start: ${String(error)}`);
    } finally {
      this.removing = undefined;
    }
  }
}

/** Of one attempt only: it also marks the attempt's processes. */
export function outputIn(root: string): string {
  return join(root, `output-${randomBytes(6).toString('hex')}`);
}

/** Where this process makes its workspaces below `work`: its name tells whether it still lives. */
export async function workerFolder(work: string): Promise<string> {
  return join(work, `${hostname()}+${process.pid}+${(await startOf(process.pid)) ?? 0}`);
}

/**
 * Removes what dead workers of this machine left below `work`, and ends what still runs there. Call
 * it once when a worker starts. Repeatable. Returns how many workers' folders were removed.
 */
export async function sweepWorkspaces(work: string): Promise<number> {
  const names = await readdir(work).catch(() => []);
  let removed = 0;
  for (const name of names) {
    const [host, pid, start] = name.split('+');
    if (host !== hostname() || !pid || !start) continue;
    if (await isAlive(Number(pid), Number(start))) continue;
    await endMarked(`SLIPWAY_OUTPUT=${join(work, name)}/`, true);
    await removeAll([join(work, name)]);
    removed++;
  }
  return removed;
}

async function isAlive(pid: number, start: number): Promise<boolean> {
  const now = await startOf(pid);
  if (now !== undefined) return now === start;
  if (start !== 0) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** When the process started, in ticks since the machine did; undefined without such a process. */
async function startOf(pid: number): Promise<number | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return undefined;
  }
}

/** Folders that their owner may not write to, like Go's module cache, are opened first. */
async function removeAll(paths: string[]): Promise<void> {
  try {
    await run('rm', ['-rf', '--', ...paths]);
  } catch {
    await run('chmod', ['-R', 'u+rwX', '--', ...paths]).catch(() => {});
    for (const path of paths) {
      await rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
    }
  }
}
