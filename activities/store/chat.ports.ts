/**
 * What chat asks of PostgreSQL. Every method may be repeated unless it says otherwise, and throws
 * `StoreUnavailable` when PostgreSQL cannot be reached. Where something must be there and is not,
 * `Missing` is thrown; where an id is somebody else's, `IdTaken`; nothing was changed then.
 *
 * Lengths of turns' texts and offsets in them are UTF-16 code units, as JavaScript counts: what is
 * stored is as long as what was given, NUL and halves of characters are replaced by U+FFFD.
 */
import type { Page, PageWish } from './runs.ports.js';
import type { TurnsStore } from './turns.ports.js';

export type * from './turns.ports.js';

export interface ConversationRow {
  id: string;
  kind: 'private' | 'room';
  owner: string;
  title: string;
  retention: 'default' | 'year' | 'legal';
  position: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface ConversationsStore {
  /** @throws {IdTaken} when somebody else's has that id, or one of another kind. */
  create(
    conversation: Pick<ConversationRow, 'id' | 'kind' | 'owner' | 'title'>,
  ): Promise<ConversationRow>;
  /** Undefined when there is none, or `login` may not see it. */
  get(id: string, login: string): Promise<ConversationRow | undefined>;
  /** Own ones and rooms, last changed first. */
  list(query: PageWish & { login: string }): Promise<Page<ConversationRow>>;
  /** Says `conversation:<id>`. Whether somebody may is asked with `get` before. */
  change(id: string, fields: Partial<Pick<ConversationRow, 'title' | 'retention'>>): Promise<void>;
  /** With all turns. Says `conversation:<id>`, and `turn:<id>` of answers that are being made. */
  remove(id: string): Promise<void>;
}

/** A process that makes answers, for as long as it holds its lock. */
export interface Replica {
  number: number;
  /**
   * False after its connection was lost and could not be made again yet: begin nothing new. What it
   * still makes it may go on with: the guards of `append` and `finish` say whether it is its own.
   */
  isAlive(): boolean;
  /** Finish your answers before: others take over what is left. */
  leave(): Promise<void>;
}

/** A replica on record. One that is gone stays there for about a minute, unless it left by itself. */
export interface Peer {
  number: number;
  /** It holds its lock. One that does not may be gone, or only cut off from PostgreSQL. */
  isLiving: boolean;
}

/** What replicas say to each other. Nothing of it is kept: who does not listen misses it. */
export interface PeersStore {
  /** To every listener of `Store.listen`, our own included. At most 7,000 bytes. Not repeatable. */
  say(word: string): Promise<void>;
  /** All replicas on record but `own`; at most 200. */
  others(own: number): Promise<Peer[]>;
}

export interface PresenceStore {
  /**
   * Tabs that somebody has open here now; 0 takes them away. Says `presence:<conversation>` when that
   * is new. Say it again now and then: a replica that was away for over a minute was swept.
   */
  here(replica: number, conversationId: string, login: string, tabs: number): Promise<void>;
  /** For 6 s, and only of who is here; says `presence:<conversation>` at the beginning. */
  typing(replica: number, conversationId: string, login: string): Promise<void>;
  /** Of replicas that live. At most 200. */
  list(conversationId: string): Promise<{ login: string; tabs: number; isTyping: boolean }[]>;
}

export interface ModelRow {
  name: string;
  digest: string;
  bytes: number;
  source: string;
  kind: 'base' | 'adapter';
  metadata: Record<string, unknown>;
  createdBy: string;
  createdAt: Date;
}

export interface ServingRow {
  name: string;
  slot: 'champion' | 'challenger';
  model: string;
  /** Of the model's row, for convenience. */
  digest: string;
  adapter: string | null;
  adapterDigest: string | null;
  share: number;
  version: number;
}

export interface ModelsStore {
  /** A name may be given to another file: what serves that name then follows, and hears `models`. */
  put(model: Omit<ModelRow, 'createdAt'>): Promise<ModelRow>;
  get(name: string): Promise<ModelRow | undefined>;
  list(page: PageWish): Promise<Page<ModelRow>>;
  /** `used` while something serves it. */
  remove(name: string): Promise<'removed' | 'absent' | 'used'>;
  /**
   * Says `models` to whoever follows when that is new; only then it gets another version.
   *
   * @throws {Missing} when there is no such base model, or no such adapter.
   */
  serve(
    serving: Omit<ServingRow, 'digest' | 'adapterDigest' | 'version'>,
    by: string,
  ): Promise<ServingRow>;
  unserve(name: string, slot: ServingRow['slot']): Promise<boolean>;
  /** By name, the champion first; at most 200. */
  servings(): Promise<ServingRow[]>;
}

export interface TicketRow {
  id: string;
  status: string;
  channel: string;
  subject: string;
  body: string;
  conversationId: string | null;
  createdBy: string;
  createdAt: Date;
  updatedAt: Date;
  extra: Record<string, unknown>;
}

export interface TicketsStore {
  /** The same id again changes nothing and returns false. */
  save(ticket: TicketRow): Promise<boolean>;
  get(id: string): Promise<TicketRow | undefined>;
  exists(id: string): Promise<boolean>;
  /** Newest first. */
  list(
    query: PageWish & {
      status?: string;
      channel?: string;
      createdBy?: string;
      /** Created at or after, and before. */
      from?: Date;
      until?: Date;
    },
  ): Promise<Page<TicketRow>>;
  setStatus(id: string, status: string, at: Date): Promise<TicketRow | undefined>;
  /** Takes words, conversation and author away: it is `erased-user`'s then. Repeatable. */
  blank(id: string): Promise<void>;
}

export interface UsageStore {
  /** Adds, and returns the window's totals of all replicas. Not repeatable: counts twice. */
  add(
    startsAt: Date,
    used: { subject: string; requests: number; tokens: number }[],
  ): Promise<{ subject: string; requests: number; tokens: number }[]>;
  /** Windows that began before; at most 10,000 a call. */
  forget(before: Date): Promise<void>;
}

/** What was erased of whom, and what was left. Holds no content. */
export interface ErasureRow {
  id: string;
  login: string;
  askedBy: string;
  report: Record<string, unknown>;
  createdAt: Date;
}

/** Everything of one person, for export, erasure and retention. */
export interface PrivacyStore {
  /**
   * In pages; each item is `{kind, item}`, in this order of kinds: `conversation`, `turn` (own
   * questions, and the answers to them), `feedback`, `ticket`, `proposal`, `usage`.
   */
  exported(login: string, page: PageWish): Promise<Page<{ kind: string; item: unknown }>>;
  /**
   * Erases own conversations with all turns, own turns in rooms and the answers to them (their words:
   * that there was a turn stays, by `erased-user`), feedback, tickets' words, proposals, usage and
   * presence. An own room where others spoke becomes `erased-user`'s, without its title. Answers that
   * are being made end. Repeatable: it goes on where it ended. Counts by kind; `left` is what is still
   * found afterwards, by looking, and must be zero. Keeps a record without content in `erasures`.
   */
  erase(
    login: string,
    askedBy: string,
  ): Promise<{
    /** Of the record in `erasures`. */
    id: string;
    createdAt: Date;
    erased: Record<string, number>;
    left: Record<string, number>;
  }>;
  /** Puts the report of the whole erasure, of which `erase` is a part, in the place of that part. */
  keepReport(id: string, report: Record<string, unknown>): Promise<void>;
  /** Newest first; of one login, or all. */
  reports(query: PageWish & { login?: string }): Promise<Page<ErasureRow>>;
  /**
   * Deletes what is older than its class allows: conversations that were not changed since, the older
   * turns of those that were, and tickets that were not changed since `year`. At most `limit`
   * conversations and as many tickets a call: call it until all counts are zero.
   */
  expire(
    before: { default: Date; year: Date; legal: Date },
    limit: number,
  ): Promise<Record<'conversation' | 'turn' | 'ticket', number>>;
}

export interface ChatStore {
  conversations: ConversationsStore;
  turns: TurnsStore;
  presence: PresenceStore;
  peers: PeersStore;
  models: ModelsStore;
  tickets: TicketsStore;
  usage: UsageStore;
  privacy: PrivacyStore;
  /**
   * Takes a number and its lock, on a connection of its own that comes back by itself. The connection
   * must reach PostgreSQL itself: a pooler that shares sessions would share the lock.
   */
  join(name: string): Promise<Replica>;
}
