/** Looking at this machine's processes from a test. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** Pids whose command line or environment holds the text; this process is not one. */
export async function holding(text: string): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const said = (await read(`/proc/${pid}/cmdline`)) + (await read(`/proc/${pid}/environ`));
      return said.includes(text) && (await isRunning(pid)) ? [pid] : [];
    }),
  );
  return found.flat();
}

/** Signal 0 reaches zombies too, so /proc is asked. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await read(`/proc/${pid}/stat`);
  return stat !== '' && !/\) [ZX] /.test(stat);
}

/** Asks again and again while `left` finds somebody, for at most 20 s; returns who is left then. */
export async function goneSoon(left: () => Promise<number[]>): Promise<number[]> {
  let found = await left();
  for (let look = 0; look < 400 && found.length > 0; look++) {
    await pause(50);
    found = await left();
  }
  return found;
}

/** Empty for a process that has just ended. */
function read(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}
