/** One write to the record at a time for the whole process, holding whatever came in meanwhile. */
import { setTimeout as pause } from 'node:timers/promises';
import { StoreUnavailable } from '../store/errors.js';
import type { Changes, RunsStore } from '../store/store.ports.js';

/** What one write carries at most; log text in characters. */
const MAX_BATCH_CHANGES = 500;
const MAX_BATCH_CHARS = 1_048_576;
/** Writes that may wait at once. */
const MAX_WAITING = 100_000;
/** Between two tries while the store is away. */
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;
/**
 * How long a change of a run or step waits for an absent store before its caller is told. Short:
 * callers try again themselves, and must heartbeat meanwhile.
 */
const PATIENCE_MS = 2_000;

export interface WriterOptions {
  /** Called once when the store goes away and once when it is back. */
  notice?: (message: string) => void;
  /** Default: PATIENCE_MS. */
  patienceMs?: number;
}

/**
 * `runs`, with a `write` that joins concurrent changes into one transaction (group commit).
 *
 * Changes are stored in the order of the calls. While the store is away they wait: log text as long
 * as it takes, changes of runs and steps for two seconds, then `StoreUnavailable` is thrown. A change
 * that the store refuses fails alone. Wrap once per process: the order holds for one wrapper.
 */
export function groupedWrites(runs: RunsStore, options: WriterOptions = {}): RunsStore {
  const writer = new GroupWriter(runs, options);
  return {
    open: (run) => runs.open(run),
    write: (changes) => writer.write(changes),
    get: (id) => runs.get(id),
    steps: (id) => runs.steps(id),
    list: (filter) => runs.list(filter),
    eventsAfter: (id, position, limit) => runs.eventsAfter(id, position, limit),
    logs: (query) => runs.logs(query),
    load: (repository) => runs.load(repository),
  };
}

interface Waiting {
  changes: Changes;
  /** Milliseconds of the monotonic clock; Infinity for log text, which waits for ever. */
  givesUpAt: number;
  resolve: () => void;
  reject: (reason: unknown) => void;
}

class GroupWriter {
  private readonly waiting: Waiting[] = [];
  private isWriting = false;

  constructor(
    private readonly runs: Pick<RunsStore, 'write'>,
    private readonly options: WriterOptions,
  ) {}

  write(changes: Changes): Promise<void> {
    if (this.waiting.length >= MAX_WAITING) {
      const words = `${MAX_WAITING} writes are waiting already`;
      return Promise.reject(new StoreUnavailable(new Error(words)));
    }
    const patienceMs = this.options.patienceMs ?? PATIENCE_MS;
    const isLogOnly = !changes.runs?.length && !changes.steps?.length;
    const givesUpAt = isLogOnly ? Infinity : performance.now() + patienceMs;
    return new Promise((resolve, reject) => {
      this.waiting.push({ changes, givesUpAt, resolve, reject });
      if (this.isWriting) return;
      this.isWriting = true;
      setImmediate(() => void this.drain());
    });
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) await this.deliver(this.take());
    this.isWriting = false;
  }

  /** The longest batch from the front in which no run and no step is changed twice. */
  private take(): Waiting[] {
    const changed = new Set<string>();
    let count = 0;
    let chars = 0;
    let length = 0;
    for (const { changes } of this.waiting) {
      const keys = keysOf(changes);
      count += keys.length + (changes.logs?.length ?? 0);
      chars += changes.logs?.reduce((sum, { text }) => sum + text.length, 0) ?? 0;
      const isFull = count > MAX_BATCH_CHANGES || chars > MAX_BATCH_CHARS;
      if (length > 0 && (isFull || keys.some((key) => changed.has(key)))) break;
      for (const key of keys) changed.add(key);
      length++;
    }
    return this.waiting.splice(0, length);
  }

  private async deliver(batch: Waiting[], isRepeat = false): Promise<void> {
    const { refusal, tries } = await this.tryUntilAnswered(batch, isRepeat);
    if (refusal === undefined) {
      for (const { resolve } of batch) resolve();
    } else if (batch.length === 1) {
      batch[0]?.reject(refusal);
    } else {
      for (const one of batch) await this.deliver([one], isRepeat || tries > 1);
    }
  }

  /** Returns what the store refused the batch with. Drops those whose patience ends. */
  private async tryUntilAnswered(
    batch: Waiting[],
    isRepeat: boolean,
  ): Promise<{ refusal: unknown; tries: number }> {
    let retryMs = FIRST_RETRY_MS;
    for (let tries = 1; ; tries++) {
      try {
        const changes = joined(batch);
        // The answer to the try before may be what was lost, not the try.
        await this.runs.write(isRepeat || tries > 1 ? { ...changes, isRepeat: true } : changes);
        if (retryMs > FIRST_RETRY_MS) this.options.notice?.('the record is written again');
        return { refusal: undefined, tries };
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) return { refusal: error, tries };
        if (retryMs === FIRST_RETRY_MS) this.options.notice?.(`the record waits: ${error.message}`);
        giveUp(batch, error);
        if (batch.length === 0) return { refusal: undefined, tries };
        await pause(retryMs);
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      }
    }
  }
}

function giveUp(batch: Waiting[], error: StoreUnavailable): void {
  const now = performance.now();
  for (const one of batch.filter(({ givesUpAt }) => givesUpAt <= now)) {
    batch.splice(batch.indexOf(one), 1);
    one.reject(error);
  }
}

function keysOf(changes: Changes): string[] {
  return [
    ...(changes.runs ?? []).map(({ runId }) => runId),
    ...(changes.steps ?? []).map(({ runId, name }) => `${runId}/${name}`),
  ];
}

function joined(batch: Waiting[]): Changes {
  const runs = batch.flatMap(({ changes }) => changes.runs ?? []);
  const steps = batch.flatMap(({ changes }) => changes.steps ?? []);
  const logs = batch.flatMap(({ changes }) => changes.logs ?? []);
  return {
    ...(runs.length > 0 && { runs }),
    ...(steps.length > 0 && { steps }),
    ...(logs.length > 0 && { logs }),
  };
}
