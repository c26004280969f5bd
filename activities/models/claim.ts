/** Only one process at a time writes a part, also where several share a folder. */
import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';

/** A claim of another machine that was not renewed for this long is nobody's, milliseconds. */
const STALE_MS = 120_000;
const RENEW_EVERY_MS = 20_000;
const ATTEMPTS = 3;

const held = new Set<string>();

/** Undefined when another process has it; else how to give it back. */
export async function claim(path: string): Promise<(() => Promise<void>) | undefined> {
  if (held.has(path)) return undefined;
  held.add(path);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await written(path)) return keeping(path);
    if (!(await isStale(path))) break;
    await rm(path, { force: true });
  }
  held.delete(path);
  return undefined;
}

async function written(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(`${process.pid} ${hostname()}`);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    held.delete(path);
    throw error;
  }
}

function keeping(path: string): () => Promise<void> {
  const renew = () => void utimes(path, new Date(), new Date()).catch(() => undefined);
  const timer = setInterval(renew, RENEW_EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await rm(path, { force: true });
    held.delete(path);
  };
}

/** Its process is gone, or is this one, which does not know of it. */
async function isStale(path: string): Promise<boolean> {
  const [text, about] = await Promise.all([
    readFile(path, 'utf8').catch(() => undefined),
    stat(path).catch(() => undefined),
  ]);
  if (text === undefined || about === undefined) return true;
  const [pid = '', host] = text.split(' ');
  if (host !== hostname()) return Date.now() - about.mtimeMs > STALE_MS;
  return Number(pid) === process.pid || !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
