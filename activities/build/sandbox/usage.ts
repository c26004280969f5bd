/** What the processes of each PID namespace use together, from /proc: where no control group counts it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The clock of /proc/PID/stat, and the size of its pages, on every Linux that runs Node. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

export interface Usage {
  cpuSeconds: number;
  /** What each has for itself, and the most that one shares with others. */
  memoryBytes: number;
  /** With their threads. */
  processes: number;
}

/**
 * Of the sandboxes whose outermost processes these are, by their pids. One look at all processes;
 * synchronous, because /proc is memory.
 */
export function usageOf(leaders: number[]): Map<number, Usage> {
  const found = new Map<number, Usage>();
  if (leaders.length === 0) return found;
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(processAt);
  for (const leader of leaders) {
    const first = all.find(({ parent }) => parent === leader);
    if (!first) continue;
    const inside = all.filter(({ namespace }) => namespace === first.namespace);
    found.set(leader, {
      cpuSeconds: sum(inside.map(({ ticks }) => ticks)) / TICKS_PER_SECOND,
      memoryBytes:
        (sum(inside.map(({ own }) => own)) + Math.max(...inside.map(({ shared }) => shared))) *
        PAGE_BYTES,
      processes: sum(inside.map(({ threads }) => threads)),
    });
  }
  return found;
}

/** Nothing for a process that has just ended, or belongs to somebody else. */
function processAt(name: string) {
  try {
    const namespace = readlinkSync(`/proc/${name}/ns/pid`);
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
    // After `PID (NAME) `, where the name may hold anything: STATE PARENT …; see proc(5).
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const at = (field: number): number => fields[field - 3] ?? 0;
    // Its own time, and that of children that it has waited for.
    const ticks = at(14) + at(15) + at(16) + at(17);
    const [, resident = 0, shared = 0] = readFileSync(`/proc/${name}/statm`, 'latin1')
      .split(' ')
      .map(Number);
    return [{ namespace, parent: at(4), ticks, threads: at(20), own: resident - shared, shared }];
  } catch {
    return [];
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
