/** Follows a run until it is over, or until only people can move it. */
import type { Story } from './narrate.story.js';
import type { RunEvent } from './wire.js';

/** Open gates must stay alone for this long: events of one moment come one after the other. */
const SETTLE_MS = 250;

/**
 * Hands on every event of `open`; `story` must be told each of them before the next one is taken.
 * `open` gets a signal that ends it.
 */
export async function* untilPeople<E extends RunEvent>(
  open: (signal: AbortSignal) => AsyncIterable<E>,
  story: Story,
  settleMs = SETTLE_MS,
): AsyncGenerator<E> {
  const enough = new AbortController();
  const events = open(enough.signal)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = events.next();
      // When the gates win the race, what the aborted source still says is of no interest.
      next.catch(() => undefined);
      const given = await (story.gates.length > 0 ? first(next, settleMs) : next);
      if (given === undefined || given.done) return;
      yield given.value;
    }
  } finally {
    enough.abort();
  }
}

async function first<T>(next: Promise<T>, limitMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs);
  });
  try {
    return await Promise.race([next, late]);
  } finally {
    clearTimeout(timer);
  }
}
