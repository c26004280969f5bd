/**
 * After a stack was killed, its processes may live on. Each stack writes down whom it started, so that
 * the next start on the same home can end exactly those before it begins.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from './identity.js';

type Started = ProcessIdentity & { name: string };

/** How long a left process may take to end by itself before it is killed. Milliseconds. */
const GRACE_MS = 8_000;
const POLL_MS = 50;

const fileIn = (home: string): string => join(home, 'stack.json');

export async function writeDown(home: string, pids: Record<string, number>): Promise<void> {
  const started: Started[] = [];
  for (const [name, pid] of Object.entries(pids)) started.push({ name, ...(await identify(pid)) });
  await writeFile(fileIn(home), JSON.stringify(started), { mode: 0o600 });
}

/** Ends what an earlier stack of this home left running. Returns the names of what it ended. */
export async function endLeftovers(home: string): Promise<string[]> {
  const ended: string[] = [];
  for (const left of await read(home)) {
    if (!(await isAlive(left))) continue;
    signal(left.pid, left.name === 'postgres' ? 'SIGINT' : 'SIGTERM');
    const deadline = Date.now() + GRACE_MS;
    while ((await isAlive(left)) && Date.now() < deadline) await wait(POLL_MS);
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
