/** The same thing again, until somebody says yes or no. */
import { setTimeout as wait } from 'node:timers/promises';

/** How long a person tries the same thing, and between two tries. Milliseconds. */
const PATIENCE_MS = 90_000;
const RETRY_MS = 200;

/** @param isNo errors that end it at once. */
export async function insisting<T>(
  what: string,
  attempt: () => Promise<T>,
  isNo: (error: unknown) => boolean = () => false,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (cause) {
      if (isNo(cause)) throw new Error(`${what} was refused`, { cause });
      if (performance.now() > deadline) throw new Error(`${what} does not work`, { cause });
    }
    await wait(RETRY_MS);
  }
}
