/** Waiting for what a scenario expects, with a limit and a reason; never for time to pass. */
import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 50;

/** Asks until `probe` gives something other than undefined or false. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  limitMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${limitMs / 1_000} s in vain: ${what}`, { cause: last });
    }
    await wait(POLL_MS);
  }
}
