/** One answer from its place in the line to its end: state, cancel, counts and times. */
import { SlipwayError } from '../../activities/platform/errors.js';
import type { MadeBy, Piece, Usage, Wish } from '../../workflows/domain/chat.js';
import type { Models } from '../chat/model.ports.js';
import type { Metrics } from '../platform/metrics.ports.js';
import type { Reservation } from './budgets.js';
import type { Answer, Caller, InFlight, Timings } from './generation.ports.js';
import { type GenerationLimits, MAX_UNREAD_PIECES } from './limits.js';
import { Pipe } from './pipe.js';
import type { Place } from './places.js';
import { tried } from './tries.js';

export interface MakingParts {
  models: Pick<Models, 'generate'>;
  metrics: Metrics;
  limits: Pick<GenerationLimits, 'silenceSeconds'>;
  place: Place;
  budget: Reservation;
  /** Called once, before the reader hears of the end. */
  onEnd: () => void;
}

export class Making implements Answer {
  readonly id: string;
  readonly ended: Promise<void>;
  private state: InFlight['state'] = 'queued';
  private maker: MadeBy | undefined;
  private readonly usage: Usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  private readonly at: Partial<Record<'began' | 'first' | 'last' | 'ended', number>> = {};
  private readonly since = performance.now();
  private readonly stopping = new AbortController();
  /** When and in which state somebody wished it to end. */
  private cancelled: { at: number; state: InFlight['state'] } | undefined;
  private readonly pipe = new Pipe<Piece>(MAX_UNREAD_PIECES, () => this.cancel());

  constructor(
    private readonly wish: Wish,
    readonly caller: Caller,
    private readonly parts: MakingParts,
  ) {
    this.id = wish.id;
    this.ended = this.make();
  }

  get pieces(): AsyncIterable<Piece> {
    return this.pipe;
  }

  /** Ends with `done: cancelled`. Repeatable. */
  cancel(): void {
    this.cancelled ??= { at: performance.now(), state: this.state };
    this.stop(undefined);
  }

  /** Ends with this error, or as cancelled. */
  stop(error: Error | undefined): void {
    if (this.at.ended !== undefined) return;
    this.stopping.abort(error);
    this.pipe.hurry();
  }

  timings(): Timings {
    const { began, first, ended } = this.at;
    const until = ended ?? performance.now();
    return {
      queuedMs: (began ?? until) - this.since,
      firstTokenMs: first === undefined ? null : first - this.since,
      totalMs: until - this.since,
    };
  }

  look(): InFlight {
    const { login, via } = this.caller;
    const { promptTokens, completionTokens } = this.usage;
    return {
      id: this.id,
      login,
      via,
      model: this.wish.model,
      state: this.state,
      sinceMs: Math.round(performance.now() - this.since),
      promptTokens,
      completionTokens,
    };
  }

  private async make(): Promise<void> {
    const { place } = this.parts;
    const { signal } = this.stopping;
    try {
      await Promise.race([place.begun, aborted(signal)]);
      const done = signal.aborted ? undefined : await this.tell();
      this.end(done ?? { kind: 'done', reason: 'cancelled', usage: this.usage });
    } catch (error) {
      if (this.cancelled) this.end({ kind: 'done', reason: 'cancelled', usage: this.usage });
      else this.fail(signal.aborted ? signal.reason : error);
    }
  }

  /** Delivers everything but the end. */
  private async tell(): Promise<Piece & { kind: 'done' }> {
    this.at.began = performance.now();
    this.state = 'prefill';
    const { models, limits } = this.parts;
    const of = {
      models,
      wish: this.wish,
      signal: this.stopping.signal,
      silenceSeconds: limits.silenceSeconds,
      onStarted: (tokens: number) => {
        this.usage.promptTokens = tokens;
      },
    };
    for await (const piece of tried(of)) {
      if (piece.kind === 'done') return piece;
      this.count(piece);
      const full = this.pipe.push(piece);
      if (full) await this.unlessStuck(full);
    }
    throw new Error('an answer ended without its end');
  }

  private count(piece: Piece): void {
    if (piece.kind === 'started') {
      this.usage.cachedTokens = piece.cachedTokens;
      this.maker = piece.by;
    }
    if (piece.kind !== 'text' && piece.kind !== 'toolCalls') return;
    this.state = 'decode';
    this.at.last = performance.now();
    this.at.first ??= this.at.last;
    if (piece.kind === 'text') this.usage.completionTokens += piece.tokens;
  }

  /** Nobody keeps a slot by not reading. */
  private async unlessStuck(full: Promise<void>): Promise<void> {
    const timer = setTimeout(() => this.cancel(), this.parts.limits.silenceSeconds * 1_000);
    await full;
    clearTimeout(timer);
  }

  private end(done: Piece & { kind: 'done' }): void {
    const { aborted: isStopped, reason } = this.stopping.signal;
    if (isStopped && !this.cancelled) {
      this.fail(reason);
      return;
    }
    this.settle(done.reason, done.usage);
    void this.pipe.push(done);
    this.pipe.end();
  }

  private fail(error: unknown): void {
    this.settle(error instanceof SlipwayError ? error.code : 'bug', this.usage);
    this.pipe.fail(error);
  }

  /** Everything is given back before the reader hears of the end. */
  private settle(reason: string, usage: Usage): void {
    const { place, budget, metrics } = this.parts;
    const now = performance.now();
    this.at.ended = now;
    place.leave();
    this.parts.onEnd();
    budget.settle(usage.promptTokens + usage.completionTokens);
    if (this.cancelled) {
      metrics.cancelled(this.cancelled.state, (now - this.cancelled.at) / 1_000);
    }
    const { queuedMs, firstTokenMs } = this.timings();
    metrics.answered({
      model: this.wish.model,
      slot: this.maker?.slot ?? 'none',
      via: this.caller.via,
      reason,
      ...usage,
      queuedSeconds: queuedMs / 1_000,
      firstTokenSeconds: firstTokenMs === null ? null : firstTokenMs / 1_000,
      decodeSeconds: ((this.at.last ?? now) - (this.at.first ?? now)) / 1_000,
    });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
