/** An answer as a reader sees it, on any replica: from where they stand to its end, exactly once. */
import { z } from 'zod';
import type { TurnRow, TurnsStore } from '../../activities/store/store.ports.js';
import type { TurnEvent } from '../client/wire.chat.js';
import type { Follow } from '../platform/follow.js';
import { SharedLooks } from '../runs/shared-looks.js';
import type { LiveTurn } from './turns.live.js';
import { topicOf } from './turns.runner.js';

/** A follower looks again after this long, also when nothing woke it. */
const QUIET_LIMIT_MS = 15_000;

/** What a reader has: so many characters, of this attempt. */
export interface Place {
  chars: number;
  /** Undefined: the first. */
  attempt: number | undefined;
}

/** An event, and where a reader stands after it. */
export type Placed = TurnEvent & { place: Place };

interface End {
  meta: Record<string, unknown>;
  failure: TurnRow['failure'];
}

/** A turn now. `text` is what comes after the place that was asked for, `total` counts all of it. */
interface Look {
  status: TurnRow['status'];
  attempt: number;
  total: number;
  text: string;
  isRecord: boolean;
  /** Present once it has ended. */
  end?: End;
}

const Usage = z.object({
  promptTokens: z.int(),
  cachedTokens: z.int(),
  completionTokens: z.int(),
});
const FIRST_ATTEMPT = 1;

export class TurnsReader {
  private readonly rows = new SharedLooks<TurnRow | undefined>();
  private readonly tails = new SharedLooks<Awaited<ReturnType<TurnsStore['tail']>>>();

  constructor(
    private readonly turns: Pick<TurnsStore, 'get' | 'tail'>,
    private readonly live: (id: string) => LiveTurn | undefined,
    private readonly follow: Follow,
  ) {}

  /**
   * Everything from `place` on, and then the end. What this replica makes is told before it is stored.
   * Where the reader has text of an attempt that another replica took over, it is told all again, from
   * character 0. Ends without an end when `signal` is aborted, or the turn is gone.
   *
   * @throws {StoreUnavailable} at any time: go on later from the last place.
   */
  async *read(id: string, place: Place, signal?: AbortSignal): AsyncGenerator<Placed | 'quiet'> {
    const bell = await this.follow.bell(topicOf(id));
    let at: Place = { chars: place.chars, attempt: place.attempt ?? FIRST_ATTEMPT };
    let told: Look['status'] | undefined;
    // Once everything that the reader has is in the record, its rest is enough to look at.
    let isRecorded = false;
    try {
      while (!signal?.aborted) {
        const look = await this.look(id, at.chars, isRecorded ? at.attempt : undefined);
        if (!look) return;
        if (at.attempt !== look.attempt) {
          isRecorded = false;
          const isLater = at.chars > 0;
          at = { chars: 0, attempt: look.attempt };
          if (isLater) continue;
        }
        isRecorded = look.isRecord && look.total >= at.chars;
        const { status, attempt } = look;
        if (status !== told) yield { event: 'status', data: { status, attempt }, place: at };
        told = status;
        if (look.text !== '') {
          const data = { from: at.chars, text: look.text };
          at = { chars: at.chars + look.text.length, attempt };
          yield { event: 'text', data, place: at };
        }
        if (look.end) {
          yield doneOf(look, look.end);
          return;
        }
        if (!(await bell.rings(QUIET_LIMIT_MS, signal)) && !signal?.aborted) yield 'quiet';
      }
    } finally {
      bell.remove();
    }
  }

  /** The whole turn now, with what this replica knows of it before the record does. */
  whole(row: TurnRow): TurnRow {
    const live = this.live(row.id);
    if (!live || isEnded(row.status) || live.attempt !== row.attempts) return row;
    const { end } = live;
    const now = { ...row, text: live.text, status: live.status };
    return end ? { ...now, status: end.status, meta: end.meta, failure: end.failure } : now;
  }

  /** @param attempt known already: then the text from `from` on is enough. */
  private async look(id: string, from: number, attempt?: number): Promise<Look | undefined> {
    const live = this.live(id);
    if (live && live.stopReason !== 'lost') return lookAt(live, from);
    if (attempt !== undefined) {
      const tail = await this.tails.look(`${id} ${from}`, () => this.turns.tail(id, from));
      if (!tail) return undefined;
      const total = from + tail.text.length;
      if (!isEnded(tail.status)) return { ...tail, attempt, total, isRecord: true };
    }
    const row = await this.rows.look(id, () => this.turns.get(id));
    return row && lookFrom(row, from);
  }
}

export function isEnded(status: TurnRow['status']): boolean {
  return status === 'done' || status === 'failed' || status === 'cancelled';
}

function lookAt({ status, attempt, text, end }: LiveTurn, from: number): Look {
  const now = { attempt, total: text.length, text: text.slice(from), isRecord: false };
  if (!end) return { ...now, status };
  return { ...now, status: end.status, end: { meta: end.meta, failure: end.failure } };
}

function lookFrom({ status, attempts, text, meta, failure }: TurnRow, from: number): Look {
  const now = { attempt: attempts, total: text.length, text: text.slice(from), isRecord: true };
  return isEnded(status) ? { ...now, status, end: { meta, failure } } : { ...now, status };
}

function doneOf({ status, total, attempt }: Look, { meta, failure }: End): Placed {
  const usage = Usage.safeParse(meta['usage']).data ?? null;
  const data = { status, chars: total, usage, meta, failure };
  return { event: 'done', data, place: { chars: total, attempt } };
}
