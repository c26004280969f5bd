/** Conversations: who may see them, and what their owners change. */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ConversationRow, Store, TurnRow } from '../../activities/store/store.ports.js';
import type * as wire from '../client/wire.chat.js';
import { may, type User } from '../platform/auth.js';
import { Forbidden, NotFound } from '../platform/errors.js';
import { given } from '../platform/requests.js';
import { STORE } from '../platform/tokens.js';

/** Changes among which the latest turn of a conversation is looked for. */
const LATEST_AMONG = 20;

@Injectable()
export class ConversationsService {
  constructor(@Inject(STORE) private readonly store: Store) {}

  /** Safe to repeat with the same id. @throws {IdTaken} */
  create(
    { id = randomUUID(), kind = 'private', title = '' }: wire.CreateConversation,
    user: User,
  ): Promise<ConversationRow> {
    return this.store.chat.conversations.create({ id, kind, owner: user.login, title });
  }

  list(query: { limit: number; cursor?: string }, user: User) {
    return this.store.chat.conversations.list({ ...query, login: user.login });
  }

  /** @throws {NotFound} also where it is somebody else's. */
  async get(id: string, user: User): Promise<ConversationRow> {
    const row = await this.find(id, user);
    if (!row) throw new NotFound(`there is no conversation "${id}"`);
    return row;
  }

  find(id: string, user: User): Promise<ConversationRow | undefined> {
    return this.store.chat.conversations.get(id, user.login);
  }

  async change(id: string, fields: wire.ChangeConversation, user: User): Promise<ConversationRow> {
    await this.owned(id, user);
    await this.store.chat.conversations.change(id, given(fields));
    return this.get(id, user);
  }

  async remove(id: string, user: User): Promise<void> {
    await this.owned(id, user);
    await this.store.chat.conversations.remove(id);
  }

  /** A turn, and the conversation in which the caller may see it. @throws {NotFound} */
  async turn(id: string, user: User): Promise<{ turn: TurnRow; conversation: ConversationRow }> {
    const turn = await this.store.chat.turns.get(id);
    const conversation = turn && (await this.find(turn.conversationId, user));
    if (!turn || !conversation) throw new NotFound(`there is no turn "${id}"`);
    return { turn, conversation };
  }

  /** What a new question follows, where nobody says otherwise; undefined in an empty conversation. */
  async latest({ id, position }: ConversationRow): Promise<TurnRow | undefined> {
    if (position === 0) return undefined;
    const after = Math.max(0, position - LATEST_AMONG);
    const turns = await this.store.chat.turns.changed(id, after, LATEST_AMONG);
    return turns.reduce<TurnRow | undefined>((best, turn) => {
      return best === undefined || isLater(turn, best) ? turn : best;
    }, undefined);
  }

  private async owned(id: string, user: User): Promise<void> {
    const { owner } = await this.get(id, user);
    if (owner === user.login || may(user, 'admin')) return;
    throw new Forbidden(
      `the conversation belongs to "${owner}"`,
      'Ask them, or an admin; you may leave a room, and begin a conversation of your own.',
    );
  }
}

/** Question and answer are born at the same moment. */
function isLater(one: TurnRow, other: TurnRow): boolean {
  const [left, right] = [one.createdAt.getTime(), other.createdAt.getTime()];
  if (left !== right) return left > right;
  return one.role === 'assistant' && other.role === 'user';
}
