/** Where the requests for one slot of a name go, and what becomes of them when an engine dies. */
import type { MadeBy, Piece, ServedModel, Wish } from '../../workflows/domain/chat.js';
import { EngineLost, ModelNotReady, WishRefused } from '../platform/model-errors.js';
import type { Berth } from './berth.js';
import type { Serving } from './engine.ports.js';
import { Embedded, WireWish } from './engine.protocol.js';

/** Requests of one route that wait for a place; callers keep far shorter queues. */
const MAX_WAITING = 10_000;
/** An answer of which nothing was heard is made again once when its engine dies. */
const ATTEMPTS = 2;

export class Route {
  private waiting = 0;

  constructor(
    readonly serving: Serving,
    readonly berth: Berth,
  ) {}

  /** Its engine cannot answer, and nobody waits for it. */
  get hasFailed(): boolean {
    return this.berth.engine.state === 'failed';
  }

  get by(): MadeBy {
    const { slot, digest, adapterDigest } = this.serving;
    return { slot, digest, adapter: adapterDigest };
  }

  /** As `Models.generate`. */
  async *generate(wish: Wish, signal: AbortSignal): AsyncGenerator<Piece> {
    const checked = WireWish.safeParse(wish);
    if (!checked.success) throw malformed(checked.error.issues[0]);
    if (this.waiting >= MAX_WAITING) {
      throw new ModelNotReady('too many requests wait for the model', 'Ask again in a while.');
    }
    this.berth.inUse++;
    this.waiting++;
    let release: () => void;
    try {
      release = await this.berth.slots.take(signal);
    } catch (error) {
      this.berth.inUse--;
      if (!signal.aborted) throw error;
      return yield cancelled();
    } finally {
      this.waiting--;
    }
    const over: Promise<unknown>[] = [];
    try {
      yield* this.attempts(wish, signal, over);
    } finally {
      // The engine may still evaluate what its reader has given up: its place is free only then.
      void Promise.all(over).then(() => {
        this.berth.inUse--;
        release();
      });
    }
  }

  async embed(texts: string[], signal: AbortSignal) {
    const process = await this.berth.engine.ready(signal);
    return Embedded.parse(await process.ask({ kind: 'embed', texts }, signal));
  }

  async count(wish: Pick<Wish, 'model' | 'prompt' | 'tools'>): Promise<number> {
    const whole: Wish = { ...wish, id: 'count', sampling: {} };
    const checked = WireWish.safeParse(whole);
    if (!checked.success) throw malformed(checked.error.issues[0]);
    const process = await this.berth.engine.ready(new AbortController().signal);
    return Number(await process.ask({ kind: 'count', wish: whole }));
  }

  describe(): ServedModel {
    const { name, digest, adapterDigest, isToy } = this.serving;
    const { state, reason, contextTokens } = this.berth.engine;
    return {
      name,
      digest,
      adapter: adapterDigest,
      contextTokens,
      isToy,
      provider: 'in-process',
      // One that is started by its first request is as good as ready.
      state:
        state === 'ready' || state === 'absent'
          ? 'ready'
          : state === 'failed'
            ? 'failed'
            : 'loading',
      ...(reason === undefined ? {} : { reason }),
    };
  }

  private async *attempts(
    wish: Wish,
    signal: AbortSignal,
    over: Promise<unknown>[],
  ): AsyncGenerator<Piece> {
    let hasStarted = false;
    for (let attempt = 1; ; attempt++) {
      let hasSpoken = false;
      try {
        for await (const piece of this.attempt(wish, signal, over)) {
          if (piece.kind === 'started' && hasStarted) continue;
          hasStarted = true;
          hasSpoken ||= piece.kind !== 'started';
          yield this.signed(piece);
        }
        return;
      } catch (error) {
        if (signal.aborted) return yield cancelled();
        if (!(error instanceof EngineLost) || hasSpoken || attempt === ATTEMPTS) throw error;
      }
    }
  }

  private async *attempt(
    wish: Wish,
    signal: AbortSignal,
    over: Promise<unknown>[],
  ): AsyncGenerator<Piece> {
    const process = await this.berth.engine.ready(signal);
    const mark = {};
    const stream = process.generate(this.berth.key, wish, (left) =>
      this.berth.meter.reading(mark, left),
    );
    over.push(stream.over.then((pace) => this.berth.meter.ended(mark, pace)));
    yield* stream.pieces(signal);
  }

  private signed(piece: Piece): Piece {
    return piece.kind === 'started' ? { ...piece, by: this.by } : piece;
  }
}

function cancelled(): Piece {
  const usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  return { kind: 'done', reason: 'cancelled', usage };
}

function malformed(issue: { path: PropertyKey[]; message: string } | undefined): WishRefused {
  const where = issue?.path.join('.') || 'the request';
  return new WishRefused(`${where}: ${issue?.message ?? 'is malformed'}`, 'Change the request.');
}
