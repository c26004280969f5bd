/** What a process holds of memory by itself: files that are only mapped do not count. */
import { readFile } from 'node:fs/promises';

/** Anonymous memory and swap, bytes; undefined where the system does not say. */
export async function ownMemory(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const resident = /^RssAnon:\s+(\d+) kB/m.exec(status)?.[1];
  if (resident === undefined) return undefined;
  const swapped = /^VmSwap:\s+(\d+) kB/m.exec(status)?.[1] ?? '0';
  return (Number(resident) + Number(swapped)) * 1_024;
}
