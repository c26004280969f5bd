/** Saying something in a conversation: what every door (REST, WebSocket, ChatOps) asks for. */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type {
  ConversationRow,
  Replica,
  Store,
  TurnRow,
} from '../../activities/store/store.ports.js';
import type * as wire from '../client/wire.chat.js';
import type { User } from '../platform/auth.js';
import { Forbidden, Refused } from '../platform/errors.js';
import { REPLICA, STORE } from '../platform/tokens.js';
import { ConversationsService } from './conversations.service.js';
import { answerIdOf } from './ids.js';
import { ServedModels } from './served.js';
import type { TurnWish } from './turn.wish.js';
import { Turns } from './turns.js';
import type { LiveTurn, TurnToMake } from './turns.live.js';
import { isEnded } from './turns.reader.js';
import { demandStop } from './turns.rights.js';

/** How an answer is wished for; the same in every message. */
export interface AnswerWish {
  model?: string | undefined;
  sampling?: wire.SamplingWish | undefined;
  cancelOnDisconnect?: boolean | undefined;
}

export interface Asking {
  conversation: ConversationRow;
  /** Null: another answer to `parentId`. */
  question: { id: string; text: string } | null;
  /** Of the question, or of the answer where there is none. */
  parentId: string | null;
  answerId: string;
  wish: TurnWish;
  login: string;
}

export interface Begun {
  question: TurnRow | null;
  answer: TurnRow;
  /** Undefined where the same was said before. */
  live: LiveTurn | undefined;
}

@Injectable()
export class TurnsService {
  /** By answer: the same message that comes twice at once is one. */
  private readonly asking = new Map<string, Promise<Begun>>();

  // Nest hands over what the parameters name, so there are as many as there are parts.
  // oxlint-disable-next-line max-params
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(REPLICA) private readonly replica: Replica,
    private readonly conversations: ConversationsService,
    private readonly turns: Turns,
    private readonly models: ServedModels,
  ) {}

  /** @throws {NotFound} {Refused} {QuotaExceeded} {Busy}; nothing was said then. */
  async say(
    conversationId: string,
    { id = randomUUID(), text, parentId, ...wish }: Saying,
    user: User,
  ): Promise<Begun> {
    const conversation = await this.conversations.get(conversationId, user);
    const parent =
      parentId === undefined ? (await this.conversations.latest(conversation))?.id : parentId;
    return this.ask({
      conversation,
      question: { id, text },
      parentId: parent ?? null,
      answerId: answerIdOf(id),
      wish: this.wishOf(wish, conversation, user),
      login: user.login,
    });
  }

  /** Another question in the place of one's own; the old one stays, with all that followed. */
  async edit(turnId: string, { id = randomUUID(), text, ...wish }: Saying, user: User) {
    const { turn, conversation } = await this.conversations.turn(turnId, user);
    if (turn.role !== 'user')
      throw wrongRole(turnId, 'an answer', 'Regenerate it, or edit its question.');
    if (turn.by !== user.login) {
      throw new Forbidden(`"${turn.by}" said that`, 'Say something of your own: answer to it.');
    }
    return this.ask({
      conversation,
      question: { id, text },
      parentId: turn.parentId,
      answerId: answerIdOf(id),
      wish: this.wishOf(wish, conversation, user),
      login: user.login,
    });
  }

  /** Another answer to the same question; the old one stays. Of a question: one more answer to it. */
  async regenerate(
    turnId: string,
    { id = randomUUID(), ...wish }: AnswerWish & { id?: string | undefined },
    user: User,
  ): Promise<Begun> {
    const { turn, conversation } = await this.conversations.turn(turnId, user);
    const parentId = turn.role === 'user' ? turn.id : turn.parentId;
    if (parentId === null) {
      throw wrongRole(turnId, 'an answer whose question is gone', 'Say something new.');
    }
    return this.ask({
      conversation,
      question: null,
      parentId,
      answerId: id,
      wish: this.wishOf(wish, conversation, user),
      login: user.login,
    });
  }

  /** Returns the turn as it then is. @throws {Forbidden} see turns.rights.ts. */
  async cancel(turnId: string, user: User): Promise<TurnRow> {
    const seen = await this.conversations.turn(turnId, user);
    demandStop(seen, user);
    const { turn } = seen;
    if (!isEnded(turn.status)) await this.stop(turnId);
    return (await this.store.chat.turns.get(turnId)) ?? turn;
  }

  /** Wherever it is made. Repeatable. */
  async stop(turnId: string): Promise<void> {
    const isHere = await this.turns.runner.cancel(turnId);
    if (!isHere) await this.store.chat.turns.cancel(turnId);
  }

  /** One opinion a person and answer: the last one counts. */
  async rate(turnId: string, { thumb, comment }: wire.Feedback, user: User): Promise<void> {
    const { turn } = await this.conversations.turn(turnId, user);
    if (turn.role !== 'assistant') throw wrongRole(turnId, 'a question', 'Rate its answer.');
    await this.store.chat.turns.rate(turnId, user.login, thumb, comment ?? null);
  }

  /** The wish of an answer in this conversation. @throws {ModelUnknown} {ModelNotReady} */
  wishOf(
    { model, sampling = {}, cancelOnDisconnect = false }: AnswerWish,
    { kind }: ConversationRow,
    { key }: User,
  ) {
    const served = this.models.named(model);
    const wish: TurnWish = {
      model: served.name,
      sampling,
      via: 'turn',
      news: [],
      isRoom: kind === 'room',
      cancelOnDisconnect,
      meta: this.models.metaOf(served),
      ...(key ? { key } : {}),
    };
    return wish;
  }

  /**
   * Takes a place, then writes both turns, then begins. What was said before with the same ids comes
   * back as it is.
   *
   * @param opening makes the conversation with them.
   */
  async ask(asking: Asking, opening?: Pick<ConversationRow, 'kind' | 'owner' | 'title'>) {
    const same = this.asking.get(asking.answerId);
    if (same) return same;
    const own = this.askOnce(asking, opening);
    this.asking.set(asking.answerId, own);
    try {
      return await own;
    } finally {
      this.asking.delete(asking.answerId);
    }
  }

  private async askOnce(
    asking: Asking,
    opening?: Pick<ConversationRow, 'kind' | 'owner' | 'title'>,
  ): Promise<Begun> {
    const before = await this.before(asking);
    if (before) return before;
    const admitted = await this.turns.runner.admit(await this.toMake(asking));
    try {
      const { conversation, question, answerId, parentId, wish, login } = asking;
      const of = { conversationId: conversation.id, by: login };
      const rows = await this.store.chat.turns.ask(
        question && { ...of, id: question.id, parentId, text: question.text },
        {
          ...of,
          id: answerId,
          parentId: question?.id ?? parentId,
          wish,
          replica: this.replica.number,
        },
        opening,
      );
      if (isEnded(rows.answer.status)) this.turns.runner.release(admitted);
      else return { ...rows, live: this.turns.runner.start(admitted) };
      return { ...rows, live: undefined };
    } catch (error) {
      this.turns.runner.release(admitted);
      throw error;
    }
  }

  /** @throws {Refused} when the id is that of something else. */
  private async before({ question, answerId, conversation, login }: Asking) {
    const answer = await this.store.chat.turns.get(answerId);
    if (!answer) return undefined;
    const asked = question && (await this.store.chat.turns.get(question.id));
    const isSame =
      answer.conversationId === conversation.id &&
      answer.by === login &&
      answer.role === 'assistant' &&
      asked?.text === question?.text;
    if (!isSame) {
      throw new Refused('id-taken', 'that id is of another turn', 'Make a new id for what is new.');
    }
    return { question: asked ?? null, answer, live: this.turns.runner.live(answerId) };
  }

  private async toMake(asking: Asking): Promise<TurnToMake> {
    const { conversation, question, answerId, parentId, wish, login } = asking;
    const path = parentId === null ? [] : await this.turns.path(parentId, conversation.id);
    return {
      id: answerId,
      conversationId: conversation.id,
      parentId: question?.id ?? parentId,
      login,
      wish,
      text: '',
      attempt: 1,
      path: question ? [...path, { role: 'user', text: question.text, by: login }] : path,
    };
  }
}

interface Saying extends AnswerWish {
  id?: string | undefined;
  text: string;
  parentId?: string | null | undefined;
}

function wrongRole(id: string, what: string, help: string): Refused {
  return new Refused('wrong-turn', `turn "${id}" is ${what}`, help);
}
