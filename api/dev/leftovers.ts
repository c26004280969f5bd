/**
 * After a stack was killed, its processes may live on. Each stack writes down whom it started, so that
 * the next start on the same home can end exactly those before it begins.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from './identity.js';

type Started = ProcessIdentity & { name: string };

/** How long a left process may take to end by itself before it is killed. Milliseconds. */
const GRACE_MS = 8_000;
const POLL_MS = 50;

const fileIn = (home: string): string => join(home, 'stack.json');

let lastWrite: Promise<unknown> = Promise.resolve();

/** One write after the other: two processes that come back together are two writers. */
export function writeDown(home: string, pids: Record<string, number>): Promise<void> {
  const write = lastWrite.then(() => writeWhole(home, pids));
  lastWrite = write.catch(() => {});
  return write;
}

async function writeWhole(home: string, pids: Record<string, number>): Promise<void> {
  const started: Started[] = [];
  for (const [name, pid] of Object.entries(pids)) started.push({ name, ...(await identify(pid)) });
  // Whole or not at all: on a full disk the old one stays.
  const fresh = `${fileIn(home)}.new`;
  await writeFile(fresh, JSON.stringify(started), { mode: 0o600 });
  await rename(fresh, fileIn(home));
}

/** Ends what an earlier stack of this home left running. Returns the names of what it ended. */
export async function endLeftovers(home: string): Promise<string[]> {
  const ended: string[] = [];
  for (const left of await read(home)) {
    if (!(await isAlive(left))) continue;
    signal(left.pid, left.name === 'postgres' ? 'SIGINT' : 'SIGTERM');
    const deadline = performance.now() + GRACE_MS;
    while ((await isAlive(left)) && performance.now() < deadline) await wait(POLL_MS);
    if (await isAlive(left)) signal(left.pid, 'SIGKILL');
    ended.push(left.name);
  }
  return ended;
}

async function read(home: string): Promise<Started[]> {
  try {
    return JSON.parse(await readFile(fileIn(home), 'utf8')) as Started[];
  } catch {
    return [];
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself in between, which is what we want.
  }
}
