/** How the machine and this process are. */
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import type { SystemHealth } from '../client/wire.js';

const GIB = 1_073_741_824;
const MIB = 1_048_576;

/** What was read at one time: times are milliseconds since the machine and the process began. */
export interface SystemReading {
  atMs: number;
  totalBytes: number;
  availableBytes: number;
  residentBytes: number;
  /** Of all cores together. */
  idleMs: number;
  busyMs: number;
  /** CPU time of this process. */
  ownMs: number;
}

export function readSystem(): SystemReading {
  const times = cpus().map((core) => core.times);
  const sum = (of: (time: (typeof times)[number]) => number) =>
    times.reduce((all, time) => all + of(time), 0);
  const { user, system } = process.cpuUsage();
  const isConstrained = process.constrainedMemory() > 0;
  return {
    atMs: performance.now(),
    totalBytes: isConstrained ? Math.min(process.constrainedMemory(), totalmem()) : totalmem(),
    availableBytes: isConstrained ? process.availableMemory() : freemem(),
    residentBytes: process.memoryUsage.rss(),
    idleMs: sum(({ idle }) => idle),
    busyMs: sum((time) => time.user + time.nice + time.sys + time.irq),
    ownMs: (user + system) / 1_000,
  };
}

/** CPU is what was used between the two. */
export function systemHealth(now: SystemReading, before: SystemReading): SystemHealth {
  const usedBytes = Math.max(0, now.totalBytes - now.availableBytes);
  const busyMs = now.busyMs - before.busyMs;
  const allMs = busyMs + now.idleMs - before.idleMs;
  const passedMs = now.atMs - before.atMs;
  const cpuPercent = allMs > 0 ? (100 * busyMs) / allMs : 0;
  const ownPercent = passedMs > 0 ? (100 * (now.ownMs - before.ownMs)) / passedMs : 0;
  return {
    memory: {
      percentage: rounded((100 * usedBytes) / now.totalBytes),
      used_gb: rounded(usedBytes / GIB),
      available_gb: rounded(now.availableBytes / GIB),
    },
    cpu: { percentage: rounded(Math.min(cpuPercent, 100)) },
    memory_usage_mb: rounded(now.residentBytes / MIB),
    cpu_usage_percent: rounded(Math.min(ownPercent, 100 * availableParallelism())),
  };
}

/** One digit is enough for people. */
export function rounded(value: number): number {
  return Math.round(Math.max(0, value) * 10) / 10;
}
