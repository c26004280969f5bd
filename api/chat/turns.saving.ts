/** Brings an answer into the record while it is made. PostgreSQL may be away for a while. */
import { wordsOf } from '../../activities/platform/errors.js';
import { StoreUnavailable } from '../../activities/store/errors.js';
import type { TurnsStore } from '../../activities/store/store.ports.js';
import type { Bell } from '../platform/follow.js';
import type { Log } from '../platform/log.js';
import { pause } from './pause.js';
import type { TurnLimits } from './turns.limits.js';
import type { LiveTurn, TurnEnd } from './turns.live.js';

export interface SavingParts {
  turns: Pick<TurnsStore, 'append' | 'finish' | 'get'>;
  replica: number;
  limits: TurnLimits;
  log: Log;
  /** The process ends: what cannot be stored now is left to the replica that goes on. */
  givingUp: AbortSignal;
}

/**
 * One answer's way into the record: in batches while it grows, whole at its end. Of two replicas that
 * make the same answer the record tells one to stop; `stop` of the answer then says why.
 */
export class TurnSaver {
  private stored: number;
  /** What was sent and not answered: it may be stored or not, and is sent again as it was. */
  private unanswered = '';
  private readonly over = new AbortController();
  private retryMs: number;

  /** @param bell of the turn: rung when the record of it changed, or when it says more. */
  constructor(
    private readonly live: LiveTurn,
    private readonly bell: Bell,
    private readonly parts: SavingParts,
  ) {
    this.stored = live.text.length;
    this.retryMs = parts.limits.retryFirstMs;
  }

  /** Marks the answer as begun. False when another replica makes it; true while nobody can say. */
  async claim(): Promise<boolean> {
    try {
      return await this.append('');
    } catch (error) {
      if (error instanceof StoreUnavailable) return true;
      throw error;
    }
  }

  /** Until `finish`: saves what there is, and hears when the answer is cancelled elsewhere. */
  async follow(): Promise<void> {
    const { signal } = this.over;
    while (!signal.aborted && this.live.stopReason === undefined) {
      await this.bell.rings(this.parts.limits.retryMaxMs, signal);
      if (signal.aborted) return;
      await this.look();
      await pause(this.parts.limits.saveEveryMs, signal);
    }
  }

  /** False when another replica ended it, or it could not be stored for too long. */
  async finish({ status, meta, failure }: TurnEnd): Promise<boolean> {
    const { turns, replica } = this.parts;
    const { id, text } = this.live;
    this.leave();
    const done = await this.kept(() => turns.finish(id, replica, { status, meta, failure, text }));
    if (done === undefined) {
      this.parts.log.error({ turn: id }, 'an answer could not be stored for too long, and is lost');
    }
    return done ?? false;
  }

  /** Stores what there is, for the replica that goes on. Tried once. */
  async leaveBehind(): Promise<void> {
    this.leave();
    try {
      if (this.unanswered !== '') await this.append(this.unanswered);
      await this.append(this.live.text.slice(this.stored));
    } catch {
      // Whoever goes on makes it again from what is stored.
    }
  }

  leave(): void {
    this.over.abort();
  }

  private async look(): Promise<void> {
    const text = this.unanswered || this.live.text.slice(this.stored);
    try {
      const isOurs = text === '' ? await this.isOurs() : await this.append(text);
      if (!isOurs) await this.stopped();
      this.retryMs = this.parts.limits.retryFirstMs;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      await pause(this.nextRetryMs(), this.over.signal);
    }
  }

  private async append(text: string): Promise<boolean> {
    const { turns, replica } = this.parts;
    this.unanswered = text;
    const isOurs = await turns.append(this.live.id, replica, this.stored, text);
    this.unanswered = '';
    if (isOurs) this.stored += text.length;
    return isOurs;
  }

  private async isOurs(): Promise<boolean> {
    const row = await this.parts.turns.get(this.live.id);
    const isOpen = row?.status === 'queued' || row?.status === 'answering';
    return isOpen && row.attempts === this.live.attempt;
  }

  /** Finds out why, so that whoever waits here is told the same as whoever reads the record. */
  private async stopped(): Promise<void> {
    const row = await this.parts.turns.get(this.live.id);
    this.live.stop(row?.status === 'cancelled' ? 'cancelled' : 'lost');
  }

  /** Tries until the record answers, as long as an unsaved answer is kept. Undefined: it did not. */
  private async kept<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { limits, log, givingUp } = this.parts;
    const until = performance.now() + limits.keepUnsavedMs;
    for (let isFirst = true; ; isFirst = false) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        if (performance.now() > until || givingUp.aborted) return undefined;
        if (isFirst) {
          const fields = { turn: this.live.id, reason: wordsOf(error) };
          log.warn(fields, 'an answer waits for PostgreSQL to be stored');
        }
        await pause(this.nextRetryMs(), givingUp);
      }
    }
  }

  private nextRetryMs(): number {
    const waitMs = this.retryMs;
    this.retryMs = Math.min(waitMs * 2, this.parts.limits.retryMaxMs);
    return waitMs;
  }
}
