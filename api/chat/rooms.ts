/** Conversations that sockets of this process follow. Each is read once, however many follow it. */
import { Inject, Injectable } from '@nestjs/common';
import type { PresenceStore, Replica, Store } from '../../activities/store/store.ports.js';
import { Follow } from '../platform/follow.js';
import { LOG, type Log } from '../platform/log.js';
import { REPLICA, STORE } from '../platform/tokens.js';
import { PresenceWriter } from './presence.writer.js';
import { type Coming, Room, type RoomParts } from './room.js';
import type { ChatSocket } from './socket.js';
import { Turns } from './turns.js';

/** Between two times that it is written that the same user types in the same place, milliseconds. */
const TYPING_EVERY_MS = 1_000;
/** Users who type of which that is remembered. */
const MAX_TYPING = 10_000;

@Injectable()
export class Rooms {
  private readonly rooms = new Map<string, Room>();
  private readonly parts: RoomParts;
  private readonly writer: PresenceWriter;
  private readonly presence: PresenceStore;
  private readonly typedAt = new Map<string, number>();

  // Nest hands over what the parameters name, so there are as many as there are parts.
  // oxlint-disable-next-line max-params
  constructor(
    @Inject(STORE) store: Store,
    @Inject(REPLICA) private readonly replica: Replica,
    @Inject(LOG) log: Log,
    follow: Follow,
    turns: Turns,
  ) {
    this.parts = { chat: store.chat, log, follow, reader: turns.reader };
    this.presence = store.chat.presence;
    const parts = { presence: this.presence, replica: replica.number, log };
    this.writer = new PresenceWriter(parts, (id, login) => this.rooms.get(id)?.tabsOf(login) ?? 0);
  }

  get count(): number {
    return this.rooms.size;
  }

  /** Sends what changed after a position, and from then on what changes. Again: from there anew. */
  async join(socket: ChatSocket, conversation: string, coming: Coming): Promise<void> {
    const room = this.rooms.get(conversation) ?? new Room(conversation, this.parts);
    this.rooms.set(conversation, room);
    socket.joined.add(conversation);
    try {
      await room.join(socket, coming);
    } catch (error) {
      this.leave(socket, conversation);
      throw error;
    }
    if (socket.isOpen) this.writer.changed(conversation, socket.login);
    else this.leave(socket, conversation);
  }

  leave(socket: ChatSocket, conversation: string): void {
    socket.joined.delete(conversation);
    const room = this.rooms.get(conversation);
    if (!room) return;
    room.leave(socket);
    if (room.isEmpty) {
      room.close();
      this.rooms.delete(conversation);
    }
    this.writer.changed(conversation, socket.login);
  }

  leaveAll(socket: ChatSocket): void {
    for (const conversation of socket.joined) this.leave(socket, conversation);
  }

  async typing({ login }: ChatSocket, conversation: string): Promise<void> {
    const key = `${conversation} ${login}`;
    const now = performance.now();
    if (now - (this.typedAt.get(key) ?? -TYPING_EVERY_MS) < TYPING_EVERY_MS) return;
    if (this.typedAt.size >= MAX_TYPING) this.typedAt.clear();
    this.typedAt.set(key, now);
    await this.presence.typing(this.replica.number, conversation, login);
  }

  tick(): void {
    this.writer.write();
  }

  settled(): Promise<void> {
    return this.writer.settled();
  }
}
