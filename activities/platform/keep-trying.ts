/** Waiting for a part that is away: at start-up nothing of ours gives up because of it. */
import { setTimeout as wait } from 'node:timers/promises';
import { wordsOf } from './errors.js';
import type { Log } from './logging.js';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 3_000;
/** A part that stays away is mentioned this often. Milliseconds. */
const REMINDER_MS = 30_000;

export interface Waiting {
  /** Shown in the log: "PostgreSQL". */
  part: string;
  log: Pick<Log, 'warn' | 'info'>;
  /** Ends the waiting, with the signal's reason. */
  signal: AbortSignal;
  /** Whether the part is merely away; every other error is thrown. */
  isAway: (error: unknown) => boolean;
}

/** Tries until it works, 0.1 s to 3 s apart, until the signal says that nobody waits any more. */
export async function keepTrying<T>(attempt: () => Promise<T>, waiting: Waiting): Promise<T> {
  const { part, log, signal, isAway } = waiting;
  let backoffMs = FIRST_BACKOFF_MS;
  let mentionedAt = -REMINDER_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      const result = await attempt();
      if (mentionedAt >= 0) log.info({ part }, `${part} is there`);
      return result;
    } catch (error) {
      if (!isAway(error)) throw error;
      const now = performance.now();
      if (now - mentionedAt >= REMINDER_MS) {
        log.warn({ part, reason: wordsOf(error) }, `waiting for ${part}`);
        mentionedAt = now;
      }
    }
    await wait(backoffMs, undefined, { signal });
    backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
  }
}
