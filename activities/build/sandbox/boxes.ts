/**
 * Control groups, where this process may make them: there the kernel itself holds memory and processes
 * of a step. Both versions; elsewhere Watch and rlimits have to do.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { StepLimits } from './limits.js';

const ROOT = '/sys/fs/cgroup';
const OURS = /^slipway-(\d+)-\d+$/;
/** Tries to remove a group whose last process is just ending, and the time between them. */
const MAX_REMOVALS = 20;
const REMOVAL_MS = 100;

/** What a box has counted since it was made. */
export interface Counts {
  cpuSeconds: number;
  /** Processes killed for memory. */
  memoryKills: number;
  /** Processes that were not begun. */
  refusedProcesses: number;
}

export interface Box {
  /** Files that take in whoever writes 0 to them. */
  doors: string[];
  counts(): Counts;
  /** Soon, when the last process has ended. */
  remove(): void;
}

/** Of this process: each opening has groups of its own. */
let opened = 0;

type Files = Record<
  'cpu' | 'memory' | 'processes',
  [controller: string, file: string, pattern: RegExp]
>;

/** One hierarchy for each controller; `tasks` takes a lone process without waiting for the others. */
export const V1 = {
  controllers: ['memory', 'pids', 'cpuacct'],
  door: 'tasks',
  files: {
    cpu: ['cpuacct', 'cpuacct.usage', /^(\d+)/],
    memory: ['memory', 'memory.oom_control', /^oom_kill (\d+)/m],
    processes: ['pids', 'pids.events', /^max (\d+)/m],
  } satisfies Files,
  cpuUnitsPerSecond: 1e9,
};
export const V2 = {
  controllers: [''],
  door: 'cgroup.procs',
  files: {
    cpu: ['', 'cpu.stat', /^usage_usec (\d+)/m],
    memory: ['', 'memory.events', /^oom_kill (\d+)/m],
    processes: ['', 'pids.events', /^max (\d+)/m],
  } satisfies Files,
  cpuUnitsPerSecond: 1e6,
};

export class Boxes {
  private made = 0;

  private constructor(
    private readonly version: typeof V1 | typeof V2,
    private readonly bases: Record<string, string>,
    private readonly limits: StepLimits,
  ) {}

  /** Undefined where a box cannot be made, and the limits in it be kept. */
  static open(limits: StepLimits, root = ROOT): Boxes | undefined {
    const version = existsSync(join(root, 'cgroup.controllers')) ? V2 : V1;
    opened++;
    try {
      const bases = version.controllers.map((each) => [each, baseOf(root, each)] as const);
      const boxes = new Boxes(version, Object.fromEntries(bases), limits);
      boxes.make().remove();
      return boxes;
    } catch {
      return undefined; // Not ours to make, or without the controllers that count here.
    }
  }

  /** @throws {Error} of the system. */
  make(): Box {
    const name = `${++this.made}`;
    const { controllers, door } = this.version;
    const folders = controllers.map((each) => join(this.bases[each] ?? '', name));
    try {
      for (const folder of folders) mkdirSync(folder);
      this.limit(name);
      this.counts(name);
    } catch (error) {
      for (const folder of folders) removeNow(folder);
      throw error;
    }
    return {
      doors: folders.map((folder) => join(folder, door)),
      counts: () => this.counts(name),
      remove: () => void Promise.all(folders.map((folder) => remove(folder))),
    };
  }

  close(): Promise<unknown> {
    return Promise.all(Object.values(this.bases).map((base) => remove(base)));
  }

  private limit(name: string): void {
    const bytes = `${this.limits.memoryMib * 1_048_576}`;
    const processes = `${this.limits.processes}`;
    if (this.version === V1) {
      const memory = join(this.bases['memory'] ?? '', name);
      writeFileSync(join(memory, 'memory.limit_in_bytes'), bytes);
      writeIfThere(join(memory, 'memory.memsw.limit_in_bytes'), bytes);
      writeFileSync(join(this.bases['pids'] ?? '', name, 'pids.max'), processes);
    } else {
      const folder = join(this.bases[''] ?? '', name);
      writeFileSync(join(folder, 'memory.max'), bytes);
      writeIfThere(join(folder, 'memory.swap.max'), '0');
      writeFileSync(join(folder, 'pids.max'), processes);
    }
  }

  private counts(name: string): Counts {
    return countsOf(this.version, (controller, file) =>
      readFileSync(join(this.bases[controller] ?? '', name, file), 'utf8'),
    );
  }
}

/** Pure but for `read`, which gets a controller (of version 2: none) and the name of a file. */
export function countsOf(
  { files, cpuUnitsPerSecond }: typeof V1 | typeof V2,
  read: (controller: string, file: string) => string,
): Counts {
  const count = ([controller, file, pattern]: [string, string, RegExp]): number =>
    Number(pattern.exec(read(controller, file))?.[1] ?? 0);
  return {
    cpuSeconds: count(files.cpu) / cpuUnitsPerSecond,
    memoryKills: count(files.memory),
    refusedProcesses: count(files.processes),
  };
}

/** Below the group of this process, so that its own limits hold; at the top where that takes no groups. */
function baseOf(root: string, controller: string): string {
  const own = ownGroup(controller);
  const places = controller === '' ? [''] : [...new Set([own, ''])];
  for (const place of places) {
    const above = join(root, controller, place);
    try {
      sweep(above);
      const base = join(above, `slipway-${process.pid}-${opened}`);
      mkdirSync(base, { recursive: true });
      if (controller === '') writeFileSync(join(base, 'cgroup.subtree_control'), '+memory +pids');
      return base;
    } catch {
      // The next place, then.
    }
  }
  throw new Error('no control group can be made');
}

/** `NUMBER:CONTROLLERS:PATH`, one a line. */
function ownGroup(controller: string): string {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
  const line = lines.find((each) => each.split(':')[1]?.split(',').includes(controller));
  return line?.split(':').slice(2).join(':') ?? '';
}

/** Groups of workers that are no more; those with processes in them stay. */
function sweep(above: string): void {
  for (const name of readdirSync(above)) {
    const pid = OURS.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const base = join(above, name);
    for (const each of readdirSync(base, { withFileTypes: true })) {
      if (each.isDirectory()) removeNow(join(base, each.name));
    }
    removeNow(base);
  }
}

function removeNow(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

async function remove(folder: string): Promise<void> {
  for (let left = MAX_REMOVALS; left > 0 && !removeNow(folder); left--) await pause(REMOVAL_MS);
}

function writeIfThere(path: string, text: string): void {
  if (existsSync(path)) writeFileSync(path, text);
}
