/** Many small requests: some at once, each tried again while the API is away, until told to stop. */
import { setTimeout as wait } from 'node:timers/promises';

/** Requests at once. */
const AT_ONCE = 8;
/** Tries of each of them. */
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 8_000;
/** Items in a row that failed because the API is away: the others would, too. */
const MAX_AWAY_IN_A_ROW = 16;

export interface Failed {
  id: string;
  /** `ticket-exists`, `unreachable`; for machines. */
  code: string;
  message: string;
}

export interface Worked {
  failed: Failed[];
  /** False when it was interrupted, or given up because the API is away. */
  isThrough: boolean;
}

export interface Patience {
  interrupted: AbortSignal;
  /** Between tries. Default: waits. */
  pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Does `work` for each; the first tries of all come before nobody's second try is waited for in vain. */
export async function each<T extends { id: string }>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  { interrupted, pause = paused }: Patience,
): Promise<Worked> {
  const failed: Failed[] = [];
  let next = 0;
  let awayInARow = 0;
  const isStopped = () => interrupted.aborted || awayInARow >= MAX_AWAY_IN_A_ROW;
  const lane = async (): Promise<void> => {
    while (next < items.length && !isStopped()) {
      const item = items[next++];
      if (item === undefined) return;
      const error = await tried(() => work(item), { interrupted, pause });
      awayInARow = error !== undefined && isAway(error) ? awayInARow + 1 : 0;
      if (error !== undefined) failed.push({ id: item.id, ...saidOf(error) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return { failed, isThrough: next >= items.length && !isStopped() };
}

/** What was thrown by the last try; undefined when one of them worked. */
async function tried(
  work: () => Promise<void>,
  { interrupted, pause }: Required<Patience>,
): Promise<Error | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work();
      return undefined;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (attempt >= ATTEMPTS || !isAway(error) || interrupted.aborted) return error;
      await pause(pauseOf(error, attempt), interrupted);
    }
  }
}

function pauseOf(error: Error, attempt: number): number {
  const asked = (error as { retryAfterSeconds?: number }).retryAfterSeconds ?? 0;
  const grown = FIRST_PAUSE_MS * 2 ** (attempt - 1);
  const varied = grown * (0.5 + Math.random());
  return Math.min(Math.max(varied, asked * 1_000), MAX_PAUSE_MS);
}

async function paused(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}

function isAway(error: Error): boolean {
  const { status = 0 } = error as { status?: number };
  return error.name === 'Unreachable' || status === 429 || status >= 500;
}

function saidOf(error: Error): { code: string; message: string } {
  const type = (error as { problem?: { type?: string } }).problem?.type ?? '';
  const code = type.split(':').at(-1) || error.name.toLowerCase();
  return { code, message: error.message };
}
