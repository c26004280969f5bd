/** What chat asks of the turns of conversations: see chat.ports.ts for what holds for every method. */
import type { ConversationRow } from './chat.ports.js';

export type TurnStatus = 'queued' | 'answering' | 'done' | 'failed' | 'cancelled';

export interface TurnRow {
  id: string;
  conversationId: string;
  parentId: string | null;
  role: 'user' | 'assistant';
  by: string;
  status: TurnStatus;
  text: string;
  /** Of its last change, within its conversation: what a reader has seen when they saw this. */
  position: number;
  meta: Record<string, unknown>;
  failure: { code: string; message: string; help: string } | null;
  attempts: number;
  createdAt: Date;
  finishedAt: Date | null;
}

/** An answer that is to be made, with everything that any replica needs for it. */
export interface OpenTurn extends TurnRow {
  wish: unknown;
  replica: number | null;
}

/** What somebody thinks of an answer. */
export interface RatingRow {
  turnId: string;
  by: string;
  thumb: 'up' | 'down';
  comment: string | null;
  createdAt: Date;
}

/** A question and its whole answer: the first turns of somebody's new conversation. */
export interface Talk {
  conversation: Pick<ConversationRow, 'id' | 'owner'>;
  by: string;
  replica: number;
  question: Pick<TurnRow, 'id' | 'text'>;
  answer: Pick<TurnRow, 'id' | 'text' | 'meta'>;
}

export interface TurnsStore {
  /**
   * A question and the answer to be made to it, in one statement: no question without an answer.
   * Without a question the answer is another one to its parent. Says `conversation:<id>`.
   * Safe to repeat with the same ids: the same rows come back.
   *
   * @param answer with `done` it is stored as a whole answer, and nobody makes it.
   * @param opening makes the conversation where there is none, in the same statement, and says nothing.
   * @throws {Missing} when there is no such conversation, or no such parent in it.
   * @throws {IdTaken} when an id is that of another turn, or of somebody else's conversation.
   */
  ask(
    question: Pick<TurnRow, 'id' | 'conversationId' | 'parentId' | 'by' | 'text'> | null,
    answer: Pick<TurnRow, 'id' | 'conversationId' | 'parentId' | 'by'> & {
      wish: unknown;
      replica: number;
      done?: Pick<TurnRow, 'text' | 'meta'>;
    },
    opening?: Pick<ConversationRow, 'kind' | 'owner' | 'title'>,
  ): Promise<{ question: TurnRow | null; answer: TurnRow }>;
  /**
   * Stores a talk with its private conversation, both or nothing, and says nothing. Those that come at
   * once are stored together. Safe to repeat with the same ids.
   *
   * @throws {IdTaken} as in `ask`.
   */
  keep(talk: Talk): Promise<void>;
  get(id: string): Promise<TurnRow | undefined>;
  /** An answer's text from a place on, and how it stands: for who follows it as it grows. */
  tail(id: string, from: number): Promise<Pick<TurnRow, 'status' | 'text'> | undefined>;
  /**
   * By position; those that changed after `after`: who saw all up to a position misses nothing after
   * it. A turn changes when it begins, starts being answered, is taken over, ends, is rated or erased;
   * text that is added to an answer moves no position: follow `turn:<id>` and ask for its tail.
   */
  changed(conversationId: string, after: number, limit: number): Promise<TurnRow[]>;
  /** From the root to this turn: what a model is shown. The last 200 turns; none when it is unknown. */
  path(id: string): Promise<TurnRow[]>;
  /**
   * Adds text to an answer where `replica` still makes it, and says `turn:<id>` to whoever follows.
   * The first text (it may be empty) turns `queued` into `answering`.
   *
   * @param from length of the stored text; anything else means that another one writes.
   * @param text whole characters only.
   * @returns false when another replica makes it, or it has ended: stop.
   */
  append(id: string, replica: number, from: number, text: string): Promise<boolean>;
  /**
   * Ends an answer that this replica makes, and forgets its wish. False as in `append`.
   *
   * @param end `text` is the whole text, which begins with what is stored; absent: what is stored.
   */
  finish(
    id: string,
    replica: number,
    end: Pick<TurnRow, 'status' | 'meta' | 'failure'> & { text?: string },
  ): Promise<boolean>;
  /**
   * Ends an answer at once, with the text that is stored and without asking its replica: that hears
   * `turn:<id>`, and its next `append` or `finish` is refused. So it also ends where the replica died.
   * False when it has ended already, or there is none.
   */
  cancel(id: string): Promise<boolean>;
  /**
   * Takes over answers whose replica is gone (its lock is free), at most `limit`; none when `replica`
   * does not hold its own lock. Those that 5 replicas began end as failed, `answer-lost`. After
   * PostgreSQL started, replicas have 15 s to come back. Call it every second or so, on each replica.
   */
  adopt(replica: number, limit: number): Promise<OpenTurn[]>;
  /** The last word of each person counts. Does nothing where the turn is gone. */
  rate(turnId: string, by: string, thumb: 'up' | 'down', comment: string | null): Promise<void>;
  /** By turn and person, at most 200. */
  ratings(turnIds: string[]): Promise<RatingRow[]>;
}
