/** Processes and their groups, by identity: ids are used again, ids with their start time are not. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

export interface ProcessIdentity {
  /** Also the id of its process group. */
  pid: number;
  /** Start time in clock ticks since boot; empty where there is no /proc. */
  started: string;
}

const POLL_MS = 20;
/** How long a killed group may take to vanish. Milliseconds. */
const KILL_LIMIT_MS = 2_000;

export function identify(pid: number): ProcessIdentity {
  return { pid, started: statOf(pid)?.started ?? '' };
}

/** True while exactly this process runs; a zombie does not run. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  if (!canSignal(pid)) return false;
  const stat = statOf(pid);
  return stat === undefined ? started === '' : stat.state !== 'Z' && stat.started === started;
}

/** Ends the group of `leader`: politely, and after `graceMs` for sure. Repeatable. */
export async function endGroup(leader: ProcessIdentity, graceMs: number): Promise<void> {
  if (!isOurs(leader)) return;
  signal(leader, 'SIGTERM');
  await untilGone(leader, graceMs);
  if (!isGroupAlive(leader)) return;
  signal(leader, 'SIGKILL');
  await untilGone(leader, KILL_LIMIT_MS);
}

/** Leaders of groups with `variable` in their environment, a value that starts with `prefix`. */
export function groupsWith(variable: string, prefix: string): ProcessIdentity[] {
  const groups = new Map<number, ProcessIdentity>();
  for (const name of readdirOrEmpty('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const environment = readOrEmpty(`/proc/${name}/environ`).split('\0');
    if (!environment.some((line) => line.startsWith(`${variable}=${prefix}`))) continue;
    const group = statOf(Number(name))?.group;
    if (group !== undefined) groups.set(group, identify(group));
  }
  return [...groups.values()];
}

async function untilGone(leader: ProcessIdentity, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (isGroupAlive(leader) && performance.now() < deadline) await wait(POLL_MS);
}

/** A group outlives its leader, and as long as it lives its id is given to nobody else. */
function isOurs(leader: ProcessIdentity): boolean {
  const stat = statOf(leader.pid);
  return stat === undefined || stat.started === leader.started;
}

function isGroupAlive(leader: ProcessIdentity): boolean {
  if (!isOurs(leader) || !canSignal(-leader.pid)) return false;
  return statOf(leader.pid)?.state !== 'Z' || hasOthers(leader.pid);
}

function hasOthers(group: number): boolean {
  return readdirOrEmpty('/proc').some(
    (name) => /^\d+$/.test(name) && Number(name) !== group && statOf(Number(name))?.group === group,
  );
}

function signal({ pid }: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // It ended by itself in between, which is what we want.
  }
}

function canSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function statOf(pid: number): { state: string; group: number; started: string } | undefined {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  if (stat === '') return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', group: Number(fields[2]), started: fields[19] ?? '' };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readdirOrEmpty(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
