/** One conversation as the sockets of this process see it: its changes, its answers, who is here. */
import { wordsOf } from '../../activities/platform/errors.js';
import type { ChatStore, TurnRow } from '../../activities/store/store.ports.js';
import type { SocketTurn } from '../client/wire.socket.js';
import type { Follow } from '../platform/follow.js';
import type { Log } from '../platform/log.js';
import { viewTurn } from './chat.views.js';
import { pause } from './pause.js';
import { RoomPresence } from './room.presence.js';
import type { ChatSocket } from './socket.js';
import { isEnded, type TurnsReader } from './turns.reader.js';

/** Turns on one page of history. */
const PAGE_TURNS = 100;
/** A room is looked at again after this long, also when nothing woke it, milliseconds. */
const QUIET_LIMIT_MS = 15_000;
/** And after this long when PostgreSQL could not be asked. */
const RETRY_MS = 1_000;

export interface RoomParts {
  chat: Pick<ChatStore, 'turns' | 'conversations' | 'presence'>;
  log: Log;
  follow: Follow;
  reader: TurnsReader;
}

/** What a client has of an answer. */
export interface Seen {
  turn: string;
  chars: number;
  attempt: number;
}

/** Where a client goes on. */
export interface Coming {
  /** Position of the last change that it saw. */
  after: number;
  seen: readonly Seen[];
  ref: string | undefined;
}

/** How far one socket is. */
interface Member {
  position: number;
  /** Of answers that are being made. */
  seen: Map<string, { chars: number; attempt: number }>;
}

/** An answer that is being made: all of its text, for members at different places. */
interface Feed {
  text: string;
  attempt: number;
  stop: AbortController;
}

export class Room {
  private readonly members = new Map<ChatSocket, Member>();
  private readonly feeds = new Map<string, Feed>();
  private readonly closing = new AbortController();
  private readonly presence: RoomPresence;
  /** Up to which changes were told. */
  private position = 0;
  private isFollowing = false;
  /** On their way in. */
  private joining = 0;

  constructor(
    private readonly id: string,
    private readonly parts: RoomParts,
  ) {
    const { chat, follow } = parts;
    const say = (text: string) => {
      for (const socket of this.members.keys()) socket.sendText(text);
    };
    this.presence = new RoomPresence(id, { presence: chat.presence, follow, say });
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.joining === 0;
  }

  tabsOf(login: string): number {
    return [...this.members.keys()].filter((socket) => socket.login === login).length;
  }

  async join(socket: ChatSocket, { after, seen, ref }: Coming): Promise<void> {
    this.members.delete(socket);
    const member: Member = {
      position: after,
      seen: new Map(seen.map(({ turn, chars, attempt }) => [turn, { chars, attempt }])),
    };
    this.joining++;
    try {
      await this.catchUp(socket, member, ref);
      await this.feedSeen(member);
    } finally {
      this.joining--;
    }
    this.members.set(socket, member);
    this.begin(member);
    for (const [turn, feed] of this.feeds) {
      if (!member.seen.has(turn)) member.seen.set(turn, { chars: 0, attempt: feed.attempt });
      this.sendText(turn, feed, new Map([[socket, member]]));
    }
    this.presence.cameIn();
  }

  leave(socket: ChatSocket): void {
    this.members.delete(socket);
  }

  close(): void {
    this.closing.abort();
  }

  /** Pages of history until nothing is left that the room has told others already. */
  private async catchUp(socket: ChatSocket, member: Member, ref: string | undefined) {
    const { turns } = this.parts.chat;
    for (;;) {
      const rows = await turns.changed(this.id, member.position, PAGE_TURNS);
      const hasMore = rows.length === PAGE_TURNS;
      member.position = rows.at(-1)?.position ?? member.position;
      await socket.sendAll({
        type: 'joined',
        ...(ref === undefined ? {} : { ref }),
        conversation: this.id,
        position: member.position,
        turns: rows.map((row) => this.viewFor(member, row)),
        hasMore,
      });
      if (!socket.isOpen) return;
      for (const row of rows) this.feed(row);
      if (!hasMore && this.position <= member.position) return;
    }
  }

  /** Answers that the client has seen begin, and of which nothing but the text has changed. */
  private async feedSeen({ seen }: Member): Promise<void> {
    for (const turn of seen.keys()) {
      if (this.feeds.has(turn)) continue;
      const row = await this.parts.chat.turns.get(turn);
      if (row?.conversationId === this.id) this.feed(row);
      if (!this.feeds.has(turn)) seen.delete(turn);
    }
  }

  private begin({ position }: Member): void {
    if (this.isFollowing) return;
    this.isFollowing = true;
    this.position = position;
    this.inBackground(this.follow());
    this.inBackground(this.presence.follow(this.closing.signal));
  }

  private async follow(): Promise<void> {
    const { signal } = this.closing;
    const bell = await this.parts.follow.bell(`conversation:${this.id}`);
    let rang = false;
    try {
      while (!signal.aborted) {
        const told = await this.tell(rang).catch((error: unknown) => this.away(error));
        if (told === 'away') await pause(RETRY_MS, signal);
        else if (told < PAGE_TURNS) rang = await bell.rings(QUIET_LIMIT_MS, signal);
      }
    } finally {
      bell.remove();
    }
  }

  private away(error: unknown): 'away' {
    const fields = { conversation: this.id, reason: wordsOf(error) };
    this.parts.log.warn(fields, 'a conversation cannot be followed now');
    return 'away';
  }

  /** What changed goes to every member who does not have it. */
  private async tell(rang: boolean): Promise<number> {
    const rows = await this.parts.chat.turns.changed(this.id, this.position, PAGE_TURNS);
    if (rows.length === 0 && rang) await this.mustExist();
    for (const row of rows) {
      this.position = row.position;
      for (const [socket, member] of this.members) {
        if (member.position >= row.position) continue;
        member.position = row.position;
        const turn = this.viewFor(member, row);
        socket.send({ type: 'turn', conversation: this.id, position: row.position, turn });
      }
      this.feed(row);
    }
    return rows.length;
  }

  /** Woken, and nothing to tell: it may have been removed. */
  private async mustExist(): Promise<void> {
    const { conversations } = this.parts.chat;
    for (const socket of [...this.members.keys()]) {
      if (await conversations.get(this.id, socket.login)) continue;
      this.leave(socket);
      const message = `there is no conversation "${this.id}" any more`;
      socket.send({ type: 'error', code: 'not-found', message, help: 'Leave it.' });
    }
  }

  /** From where the member stands; then it stands at the end of the text. */
  private viewFor(member: Member, row: TurnRow): SocketTurn {
    const turn = viewTurn(this.parts.reader.whole(row));
    const seen = member.seen.get(row.id);
    const known = seen?.attempt === turn.attempt ? seen.chars : 0;
    // A client may have text of another replica that is not in the record yet: it keeps that.
    const from = isEnded(turn.status) ? Math.min(known, turn.text.length) : known;
    if (isEnded(row.status)) member.seen.delete(row.id);
    else {
      const chars = Math.max(known, turn.text.length);
      member.seen.set(row.id, { chars, attempt: turn.attempt });
    }
    return { ...turn, from, text: turn.text.slice(from) };
  }

  /** Follows an answer for as long as it is being made; anew when another replica took it over. */
  private feed({ id, status, attempts }: TurnRow): void {
    const known = this.feeds.get(id);
    if (isEnded(status) || (known && known.attempt >= attempts)) return;
    known?.stop.abort();
    const feed: Feed = { text: '', attempt: attempts, stop: new AbortController() };
    this.feeds.set(id, feed);
    const over = () => {
      if (this.feeds.get(id) === feed) this.feeds.delete(id);
    };
    this.inBackground(this.feedFrom(id, feed).finally(over));
  }

  private async feedFrom(turn: string, feed: Feed): Promise<void> {
    const signal = AbortSignal.any([this.closing.signal, feed.stop.signal]);
    while (!signal.aborted) {
      try {
        const place = { chars: feed.text.length, attempt: feed.attempt };
        for await (const placed of this.parts.reader.read(turn, place, signal)) {
          if (placed === 'quiet' || placed.event !== 'text') continue;
          feed.attempt = placed.place.attempt ?? feed.attempt;
          feed.text = feed.text.slice(0, placed.data.from) + placed.data.text;
          this.sendText(turn, feed, this.members);
        }
        return;
      } catch (error) {
        this.away(error);
        await pause(RETRY_MS, signal);
      }
    }
  }

  private sendText(turn: string, { text, attempt }: Feed, to: ReadonlyMap<ChatSocket, Member>) {
    const written = new Map<number, string>();
    for (const [socket, { seen }] of to) {
      const place = seen.get(turn);
      if (!place || place.attempt > attempt) continue;
      if (place.attempt < attempt) Object.assign(place, { chars: 0, attempt });
      const from = place.chars;
      if (from >= text.length) continue;
      place.chars = text.length;
      const known = written.get(from);
      const rest = { conversation: this.id, turn, from, text: text.slice(from), attempt };
      const message = known ?? JSON.stringify({ type: 'text', ...rest });
      written.set(from, message);
      socket.sendText(message);
    }
  }

  private inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      const fields = { conversation: this.id, reason: wordsOf(error) };
      this.parts.log.error(fields, 'a conversation is not followed any more: this is a bug');
    });
  }
}
