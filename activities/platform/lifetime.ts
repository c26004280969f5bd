/** From start to the first SIGTERM or SIGINT: what a process undoes then, within a limit. */
import type { Log } from './logging.js';

export interface Lifetime {
  /** Aborted by the first signal; whatever waits for something must give up then. */
  readonly signal: AbortSignal;
  /** Registers work for the end. The last one registered is done first. */
  atEnd(name: string, work: () => Promise<void>): void;
  /** Ends the process for a reason of its own, after the same work. */
  end(exitCode: number): void;
}

/** How long all of the work may take before the process ends without it, unless said otherwise. Milliseconds. */
const END_LIMIT_MS = 12_000;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export function startLifetime(log: Log, limitMs = END_LIMIT_MS): Lifetime {
  const ending = new AbortController();
  const works: { name: string; work: () => Promise<void> }[] = [];

  const end = (exitCode: number): void => {
    if (ending.signal.aborted) return; // Once: a second Ctrl-C does not cut the first one short.
    ending.abort(new Error('the process is ending'));
    const limit = setTimeout(() => {
      log.error({ limitMs }, 'ending took too long; some work was not done');
      process.exit(1);
    }, limitMs);
    void undo(works, log).then(() => {
      clearTimeout(limit);
      process.exit(exitCode);
    });
  };

  for (const name of SIGNALS) {
    process.on(name, () => {
      log.info({ signal: name }, 'ending');
      end(0);
    });
  }
  // Whoever started us with a channel is gone: nobody would end us any more.
  process.on('disconnect', () => {
    log.warn('the process that started this one is gone; ending');
    end(0);
  });
  return { signal: ending.signal, atEnd: (name, work) => void works.push({ name, work }), end };
}

async function undo(works: { name: string; work: () => Promise<void> }[], log: Log) {
  for (const { name, work } of works.toReversed()) {
    try {
      await work();
    } catch (err) {
      log.error({ err, part: name }, 'could not end a part cleanly');
    }
  }
}
