/** Looks a few times a second at what steps use, and ends those that went beyond a limit. */
import { statfsSync } from 'node:fs';
import { send } from '../processes.js';
import type { Box, Counts } from './boxes.js';
import { FILE_COST_BYTES, type Limit, type StepLimits } from './limits.js';
import { type Usage, usageOf } from './usage.js';

const LOOK_MS = 250;
/** A workspace is measured when it may have outgrown its limit, and this often in any case. */
const MEASURE_MS = 30_000;
/** Growth of the file system below which nobody is measured, bytes. */
const LEAST_GROWTH_BYTES = 33_554_432;

export interface Watched {
  group: number;
  box: Box | undefined;
  /** Holds all that it writes. */
  folder: string;
}

/** One step under watch. */
export class Guard {
  /** The limit that it met. */
  met: Limit | undefined;
  private readonly before: Counts | undefined;
  private disk: { used: number; held: number; at: number; isMeasuring: boolean };

  constructor(
    readonly watched: Watched,
    private readonly limits: StepLimits,
    private readonly measure: (folder: string) => Promise<number>,
  ) {
    this.before = watched.box?.counts();
    const used = usedIn(watched.folder);
    this.disk = { used, held: 0, at: performance.now(), isMeasuring: false };
  }

  look(usage: Usage | undefined): void {
    if (this.met !== undefined) return;
    this.met = this.watched.box ? this.counted() : this.seen(usage);
    if (this.met !== undefined) this.end();
    else void this.weigh();
  }

  /** Also of what ended between two looks. */
  counted(): Limit | undefined {
    const { box } = this.watched;
    if (!box || !this.before) return undefined;
    const { cpuSeconds, memoryKills, refusedProcesses } = box.counts();
    if (memoryKills > this.before.memoryKills) return 'memory';
    if (refusedProcesses > this.before.refusedProcesses) return 'processes';
    return cpuSeconds - this.before.cpuSeconds > this.limits.cpuSeconds ? 'cpu' : undefined;
  }

  private seen(usage: Usage | undefined): Limit | undefined {
    if (!usage) return undefined;
    if (usage.processes >= this.limits.processes) return 'processes';
    if (usage.memoryBytes > this.limits.memoryMib * 1_048_576) return 'memory';
    return usage.cpuSeconds > this.limits.cpuSeconds ? 'cpu' : undefined;
  }

  private async weigh(): Promise<void> {
    const limit = this.limits.diskMib * 1_048_576;
    const used = usedIn(this.watched.folder);
    const now = performance.now();
    const room = Math.max(limit - this.disk.held, LEAST_GROWTH_BYTES);
    const isDue = used - this.disk.used > room || now - this.disk.at > MEASURE_MS;
    if (!isDue || this.disk.isMeasuring) return;
    this.disk.isMeasuring = true;
    const held = await this.measure(this.watched.folder).catch(() => this.disk.held);
    this.disk = { used, held, at: performance.now(), isMeasuring: false };
    if (held <= limit || this.met !== undefined) return;
    this.met = 'disk';
    this.end();
  }

  private end(): void {
    send(-this.watched.group, 'SIGKILL');
  }
}

export class Watch {
  private readonly guards = new Set<Guard>();
  private timer: NodeJS.Timeout | undefined;

  /** @param measure how many bytes a folder holds. */
  constructor(
    private readonly limits: StepLimits,
    private readonly measure: (folder: string) => Promise<number>,
  ) {}

  add(watched: Watched): Guard {
    const guard = new Guard(watched, this.limits, this.measure);
    this.guards.add(guard);
    this.timer ??= setInterval(() => this.look(), LOOK_MS).unref();
    return guard;
  }

  remove(guard: Guard): void {
    this.guards.delete(guard);
    if (this.guards.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private look(): void {
    const guards = [...this.guards];
    const uncounted = guards.filter(({ watched }) => !watched.box);
    const usage = usageOf(uncounted.map(({ watched }) => watched.group));
    for (const guard of guards) guard.look(usage.get(guard.watched.group));
  }
}

/** Of the whole file system, small files at what they cost; bytes. 0 when the folder is gone. */
function usedIn(folder: string): number {
  try {
    const { blocks, bfree, bsize, files, ffree } = statfsSync(folder);
    return (blocks - bfree) * bsize + (files - ffree) * FILE_COST_BYTES;
  } catch {
    return 0;
  }
}
