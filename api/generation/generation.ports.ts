/**
 * Making answers: who may, when, and how much. Every door (turns, /ask, /v1, WebSocket, ChatOps) asks
 * here, and nobody else asks a model.
 */
import type { Piece, Wish } from '../../workflows/domain/chat.js';
import type { Key } from '../platform/auth.js';

/** Provider token. */
export const GENERATION = Symbol('Generation');

export interface Caller {
  login: string;
  /** The token that was used, where it has a budget of its own. */
  key?: Key | undefined;
  /** Its request is in the budget already (`Generation.count`): only its tokens are asked for. */
  isCounted?: boolean;
  /** Where it came in: for lists, logs and metrics. */
  via: 'turn' | 'ask' | 'openai' | 'chatops';
}

export interface InFlight {
  id: string;
  login: string;
  via: Caller['via'];
  model: string;
  state: 'queued' | 'prefill' | 'decode';
  sinceMs: number;
  promptTokens: number;
  completionTokens: number;
}

/** How an answer was made; known at its end. Milliseconds. */
export interface Timings {
  queuedMs: number;
  /** From the request to its first token. */
  firstTokenMs: number | null;
  totalMs: number;
}

export interface Embedded {
  vectors: number[][];
  promptTokens: number;
}

export interface Generation {
  /**
   * Takes a place in the queue, or refuses at once.
   *
   * Whoever waits may lose that place to users who have fewer waiting, or to time: then the iteration
   * throws Busy before any piece, and nothing was begun.
   *
   * @throws QuotaExceeded (yours: 429), Busy (ours: 503), both with a truthful Retry-After, ModelUnknown,
   *   ModelNotReady; and what `Models.generate` throws, from the iteration.
   */
  begin(wish: Wish, caller: Caller, signal?: AbortSignal): Promise<Answer>;

  /**
   * Counts a request before anything is done for it, also one that a cache may answer: its `begin` then
   * says `isCounted`. In memory, and at once.
   *
   * @throws {QuotaExceeded} nothing was counted.
   */
  count(caller: Caller): void;

  /** Vectors in the order of the texts, at most 256. Waits in the same line. @throws as `begin`. */
  embed(
    input: { model: string; texts: string[] },
    caller: Caller,
    signal: AbortSignal,
  ): Promise<Embedded>;

  /** In flight here; an admin sees everybody's. Newest first, at most 200. */
  inFlight(login?: string): InFlight[];

  /** False when nothing of that id is in flight here. Repeatable. */
  cancel(id: string, login?: string): boolean;
}

export interface Answer {
  id: string;
  /** May be iterated once. Stopping to iterate cancels the answer. */
  pieces: AsyncIterable<Piece>;
  timings(): Timings;
}
