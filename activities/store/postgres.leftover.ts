/** What a killed stack may leave in a data folder: a server that lives on, or a stale lock file. */
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Fast shutdown, then immediate shutdown: how long each may take, milliseconds. */
const FAST_LIMIT_MS = 15_000;
const IMMEDIATE_LIMIT_MS = 5_000;
const POLL_MS = 25;

/** Ends a server that still runs on `folder`, and removes a lock that no server holds. */
export async function endLeftover(folder: string): Promise<void> {
  const lock = join(folder, 'postmaster.pid');
  const pid = Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0]);
  if (!pid) return;
  if (await isServerOf(pid, folder)) await endServer(pid, folder);
  // Process ids are used again: by now this one may be anybody's, and PostgreSQL would not start.
  else await rm(lock, { force: true });
  await until(async () => !(await hasBackends(folder)), IMMEDIATE_LIMIT_MS);
}

/** Stops the server politely, then at once. Returns when it is gone, or after 20 s. */
export async function endServer(pid: number, folder: string): Promise<void> {
  for (const [signal, limitMs] of [
    ['SIGINT', FAST_LIMIT_MS],
    ['SIGQUIT', IMMEDIATE_LIMIT_MS],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return; // It is gone.
    }
    if (await until(async () => !(await isServerOf(pid, folder)), limitMs)) return;
  }
}

/** A zombie has no command line any more, so it counts as gone. */
async function isServerOf(pid: number, folder: string): Promise<boolean> {
  const command = await commandOf(pid);
  return command.includes('postgres') && command.includes(folder);
}

async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return line.replaceAll('\0', ' ');
  }
  const { stdout } = await exec('ps', ['-p', String(pid), '-o', 'command=']).catch(() => ({
    stdout: '',
  }));
  return stdout;
}

/** After a kill -9 of the server its backends need a moment to notice; they work in its folder. */
async function hasBackends(folder: string): Promise<boolean> {
  const entries = await readdir('/proc').catch(() => []);
  for (const pid of entries.filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(join('/proc', pid, 'cwd')).catch(() => '');
    if (cwd === folder && (await commandOf(Number(pid))).startsWith('postgres')) return true;
  }
  return false;
}

async function until(condition: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await wait(POLL_MS);
  }
  return true;
}
