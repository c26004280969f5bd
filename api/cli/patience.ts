/** For questions in the middle of something, while the API may be starting again. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Io } from './io.js';

const LIMIT_MS = 30_000;
const PAUSE_MS = 500;

/**
 * Asks until there is an answer. Only an API that is away is asked again, for half a minute.
 *
 * @returns undefined when `ask` has found nothing within the limit.
 */
export async function patiently<T>(
  io: Pick<Io, 'interrupted'>,
  ask: () => Promise<T | undefined>,
  limitMs = LIMIT_MS,
): Promise<T | undefined> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const isLast = performance.now() + PAUSE_MS > deadline || io.interrupted.aborted;
    try {
      const answer = await ask();
      if (answer !== undefined || isLast) return answer;
    } catch (error) {
      if (isLast || !isAway(error)) throw error;
    }
    await wait(PAUSE_MS, undefined, { signal: io.interrupted }).catch(() => undefined);
  }
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'Unreachable' || (error as { status?: number }).status === 503;
}
