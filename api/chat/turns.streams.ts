/** Answers as server-sent events, and what happens when the last reader leaves. */
import { Inject, Injectable } from '@nestjs/common';
import { wordsOf } from '../../activities/platform/errors.js';
import type { Store } from '../../activities/store/store.ports.js';
import { LOG, type Log } from '../platform/log.js';
import type { Sent } from '../platform/sse.js';
import { STORE } from '../platform/tokens.js';
import { Turns } from './turns.js';
import type { Place } from './turns.reader.js';
import { idOfPlace } from './turns.requests.js';
import { TurnsService } from './turns.service.js';

interface Following {
  place: Place;
  /** The reader wants the answer for nobody else. */
  isCancelling: boolean;
  /** The reader might as well cancel it; nobody else's leaving stops anything. */
  mayStop: boolean;
  conversationId: string;
  signal: AbortSignal;
}

@Injectable()
export class TurnsStreams {
  /** Readers of streams of this process, by turn. */
  private readonly readers = new Map<string, number>();

  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(LOG) private readonly log: Log,
    private readonly turns: Turns,
    private readonly said: TurnsService,
  ) {}

  async *follow(id: string, following: Following): AsyncGenerator<Sent> {
    const { place, isCancelling, mayStop, conversationId, signal } = following;
    this.readers.set(id, (this.readers.get(id) ?? 0) + 1);
    const wish = this.turns.runner.live(id)?.turn.wish;
    const isWanted = !isCancelling && wish?.cancelOnDisconnect !== true;
    let isOver = isWanted || !mayStop;
    try {
      for await (const placed of this.turns.reader.read(id, place, signal)) {
        if (placed === 'quiet') {
          yield placed;
          continue;
        }
        const { event, data, place: after } = placed;
        isOver ||= event === 'done';
        yield { event, data, id: idOfPlace(after) };
      }
      isOver ||= !signal.aborted;
    } catch (error) {
      isOver = true; // The reader comes back.
      throw error;
    } finally {
      const isLast = this.left(id);
      if (isLast && !isOver) void this.stopUnseen(id, conversationId);
    }
  }

  /** True when nobody else reads it here. */
  private left(id: string): boolean {
    const others = (this.readers.get(id) ?? 1) - 1;
    if (others > 0) this.readers.set(id, others);
    else this.readers.delete(id);
    return others <= 0 && !this.turns.runner.isLeaving;
  }

  /** Goes on where somebody has the conversation open in a tab, on whichever replica. */
  private async stopUnseen(id: string, conversationId: string): Promise<void> {
    try {
      const here = await this.store.chat.presence.list(conversationId);
      if (here.length === 0) await this.said.stop(id);
    } catch (error) {
      this.log.warn({ turn: id, reason: wordsOf(error) }, 'an answer that nobody reads goes on');
    }
  }
}
