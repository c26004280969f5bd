/** Answers as server-sent events, and what happens when the last reader leaves. */
import { Inject, Injectable } from '@nestjs/common';
import { wordsOf } from '../../activities/platform/errors.js';
import { LOG, type Log } from '../platform/log.js';
import type { Sent } from '../platform/sse.js';
import { Turns } from './turns.js';
import type { Place } from './turns.reader.js';
import { idOfPlace } from './turns.requests.js';
import { TurnsService } from './turns.service.js';

interface Following {
  place: Place;
  /** The reader wants the answer for nobody else. */
  isCancelling: boolean;
  signal: AbortSignal;
}

@Injectable()
export class TurnsStreams {
  /** Readers by turn. */
  private readonly readers = new Map<string, number>();

  constructor(
    @Inject(LOG) private readonly log: Log,
    private readonly turns: Turns,
    private readonly said: TurnsService,
  ) {}

  async *follow(id: string, { place, isCancelling, signal }: Following): AsyncGenerator<Sent> {
    this.readers.set(id, (this.readers.get(id) ?? 0) + 1);
    const wish = this.turns.runner.live(id)?.turn.wish;
    const isWanted = !isCancelling && wish?.cancelOnDisconnect !== true;
    let isOver = isWanted;
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
      this.left(id, isOver);
    }
  }

  private left(id: string, isOver: boolean): void {
    const others = (this.readers.get(id) ?? 1) - 1;
    if (others > 0) this.readers.set(id, others);
    else this.readers.delete(id);
    if (isOver || others > 0 || this.turns.runner.isLeaving) return;
    this.said.stop(id).catch((error: unknown) => {
      this.log.warn({ turn: id, reason: wordsOf(error) }, 'an answer that nobody reads goes on');
    });
  }
}
