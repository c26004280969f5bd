/** An answer in the making on this replica: what it says so far, and whether it shall go on. */
import type { FinishReason, MadeBy, Usage } from '../../workflows/domain/chat.js';
import type { TurnFailure, TurnStatus } from '../client/wire.chat.js';
import type { Caller } from '../generation/generation.ports.js';
import type { Said } from './prompt.js';
import type { TurnWish } from './turn.wish.js';

/**
 * Why the making stops before its end. `cancelled`: somebody wants no more of it. `leaving`: this
 * process ends, another replica goes on. `lost`: another replica makes it already, or it is gone.
 */
export type StopReason = 'cancelled' | 'leaving' | 'lost';

export interface TurnEnd {
  status: Extract<TurnStatus, 'done' | 'failed' | 'cancelled'>;
  meta: Record<string, unknown>;
  failure: TurnFailure | null;
  /** As it was thrown, for whoever waits for the answer. */
  error?: unknown;
}

/** What is made; plain data. */
export interface TurnToMake {
  id: string;
  conversationId: string;
  parentId: string | null;
  login: string;
  wish: TurnWish;
  text: string;
  attempt: number;
  /** Up to the question, where that is not in the record yet. */
  path?: readonly Said[];
}

export class LiveTurn {
  readonly id: string;
  status: 'queued' | 'answering' = 'queued';
  /** All that was made, stored or not. */
  text: string;
  attempt: number;
  usage: Usage | undefined;
  finish: FinishReason | undefined;
  /** Who said its last words. */
  by: MadeBy | undefined;
  /** Its words are not all of one model: another one took over. */
  isMixed = false;
  /** Known once nothing more comes; it may not be stored yet. */
  end: TurnEnd | undefined;
  /** Settles when the making is over: with its end, or with why this replica did not end it. */
  readonly ended: Promise<TurnEnd | Exclude<StopReason, 'cancelled'>>;
  private settle!: (how: TurnEnd | Exclude<StopReason, 'cancelled'>) => void;
  private readonly stopping = new AbortController();
  private why: StopReason | undefined;

  constructor(
    readonly turn: TurnToMake,
    /** Rung when there is more to see. */
    private readonly ring: () => void,
  ) {
    this.id = turn.id;
    this.text = turn.text;
    this.attempt = turn.attempt;
    this.ended = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  get caller(): Caller {
    const { login, wish } = this.turn;
    // What is asked at /ask was counted there: a cache might have answered it.
    return { login, key: wish.key, via: wish.via, isCounted: wish.via === 'ask' };
  }

  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  get stopReason(): StopReason | undefined {
    return this.why;
  }

  /** @param by undefined where the provider does not say. */
  begins(by?: MadeBy): void {
    this.isMixed ||= this.by !== undefined && this.text !== '' && !isSame(this.by, by);
    this.by = by;
    if (this.status === 'answering') return;
    this.status = 'answering';
    this.ring();
  }

  says(text: string): void {
    this.text += text;
    this.ring();
  }

  ends(end: TurnEnd): void {
    this.end = end;
    this.ring();
  }

  /** The first reason counts. Repeatable. */
  stop(why: StopReason): void {
    if (this.why !== undefined) return;
    this.why = why;
    this.stopping.abort();
  }

  over(how: TurnEnd | Exclude<StopReason, 'cancelled'>): void {
    this.settle(how);
    this.ring();
  }
}

function isSame(one: MadeBy, other: MadeBy | undefined): boolean {
  return one.digest === other?.digest && one.adapter === other.adapter;
}
