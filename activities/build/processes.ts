/** Finding and ending processes by what their environment says. Works where /proc is readable. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Calls that come in within this time share one look at all processes, which costs 3 ms of CPU. */
const GATHER_MS = 250;
/** A process may fork while we look: we look again while we find some, this often at most. */
const MAX_LOOKS = 5;

let gathering: { markers: Set<string>; done: Promise<void> } | undefined;

/**
 * Ends every process whose environment holds one of the markers, like `SLIPWAY_OUTPUT=/x/y`, or
 * begins a variable with it. Resolves when no more are found. A process that hides its environment
 * is not found.
 */
export function endMarked(marker: string, isUrgent: boolean): Promise<void> {
  if (isUrgent) return endAll(new Set([marker]));
  if (gathering) {
    gathering.markers.add(marker);
    return gathering.done;
  }
  const markers = new Set([marker]);
  const done = pause(GATHER_MS).then(() => {
    gathering = undefined;
    return endAll(markers);
  });
  gathering = { markers, done };
  return done;
}

async function endAll(markers: Set<string>): Promise<void> {
  for (let look = 0; look < MAX_LOOKS; look++) {
    const found = marked([...markers].map((marker) => Buffer.from(`\0${marker}`)));
    if (found.length === 0) return;
    for (const pid of found) end(pid);
    await pause(10);
  }
}

/** Synchronous on purpose: /proc is memory, and the asynchronous calls cost five times as much. */
function marked(markers: Buffer[]): number[] {
  return numericNames('/proc').filter((pid) => {
    if (pid === process.pid) return false;
    const environment = Buffer.concat([Buffer.of(0), readOrEmpty(`/proc/${pid}/environ`)]);
    return markers.some((marker) => environment.includes(marker));
  });
}

function end(pid: number): void {
  try {
    send(pid, 'SIGKILL');
  } catch {
    // It became somebody else: only a sandbox can hold such a program.
  }
}

/** Sends a signal; to a group when `pid` is negative. False when there is nobody to send it to. */
export function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** True while a process of the group does more than wait to be buried by its parent. */
export function groupLives(group: number): boolean {
  if (!send(-group, 0)) return false;
  const pids = numericNames('/proc');
  return pids.length === 0 || pids.some((pid) => livesIn(group, readOrEmpty(`/proc/${pid}/stat`)));
}

/** `PID (NAME) STATE PARENT GROUP …`; the name may hold anything. */
function livesIn(group: number, stat: Buffer): boolean {
  const [state, , its] = stat.toString('latin1', stat.lastIndexOf(')') + 2).split(' ', 3);
  return Number(its) === group && state !== 'Z' && state !== 'X';
}

function numericNames(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return []; // Not Linux.
  }
}

/** Empty for a process that has just ended, or belongs to somebody else. */
function readOrEmpty(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
