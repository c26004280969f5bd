/** `POST /ask`: one question, one answer, with recent news in mind; both are turns like all others. */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type {
  ConversationRow,
  Replica,
  Store,
  TurnRow,
} from '../../activities/store/store.ports.js';
import type * as wire from '../client/wire.chat.js';
import { GENERATION, type Generation } from '../generation/generation.ports.js';
import type { User } from '../platform/auth.js';
import { NotFound, Unavailable } from '../platform/errors.js';
import { LOG, type Log } from '../platform/log.js';
import { REPLICA, STORE } from '../platform/tokens.js';
import { AskAnswers, type KeptAnswer } from './ask.answers.js';
import { AskNews } from './ask.news.js';
import { ConversationsService } from './conversations.service.js';
import { answerIdOf } from './ids.js';
import { promptOf } from './prompt.js';
import { cleanQuestion } from './question.js';
import { ServedModels } from './served.js';
import type { TurnWish } from './turn.wish.js';
import { Turns } from './turns.js';
import { type Asking, TurnsService } from './turns.service.js';

export interface AskedResult extends wire.Asked {
  /** For the header X-Slipway-Meta: the body is as the source has it. */
  meta: Record<string, unknown>;
}

/** Nobody waits for it any more, or somebody stopped it. */
export class AnswerStopped extends Unavailable {
  override readonly code = 'answer-stopped';
}

@Injectable()
export class AskService {
  // Nest hands over what the parameters name, so there are as many as there are parts.
  // oxlint-disable-next-line max-params
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(REPLICA) private readonly replica: Replica,
    @Inject(LOG) private readonly log: Log,
    @Inject(GENERATION) private readonly generation: Generation,
    private readonly conversations: ConversationsService,
    private readonly turns: Turns,
    private readonly said: TurnsService,
    private readonly models: ServedModels,
    private readonly news: AskNews,
    private readonly answers: AskAnswers,
  ) {}

  /**
   * The answer is made and stored also when the caller leaves.
   *
   * @throws {BadInput} {NotFound} {QuotaExceeded} {Busy} and what models throw.
   */
  async ask({ question, conv_id }: wire.Ask, user: User): Promise<AskedResult> {
    const since = performance.now();
    const text = cleanQuestion(question);
    // One request, whoever answers it: a cache, another one's answer or a model. And before news are paid for.
    this.generation.count({ login: user.login, key: user.key, via: 'ask' });
    const place = await this.placeOf(conv_id, user);
    const news = await this.news.find(text);
    const { asking, path } = await this.askingOf({ text, user, place, news });
    const messages = await this.promptOf(asking, path);
    const { digest, adapter } = this.models.named(asking.wish.model);
    const { sampling } = asking.wish;
    const personOf = path.length > 0 ? user.login : null;
    const key = { digest, adapter, sampling, messages, personOf };
    const { answer, from } = await this.answers.through(key, user.login, () =>
      this.made(asking, place.opening),
    );
    const cache = from === 'made' ? 'miss' : from === 'shared' ? 'shared' : 'hit';
    const meta = { ...answer.meta, news: news.meta, cache };
    if (cache !== 'miss') await this.record({ asking, answer, meta, opening: place.opening });
    const result = { turn: asking.answerId, ...meta };
    const ms = Math.round(performance.now() - since);
    const told = { login: user.login, conv_id: place.conversation.id, ms, ...result };
    this.log.info({ ask: told }, 'a question was answered');
    return { conv_id: place.conversation.id, answer: answer.text, meta: result };
  }

  /** A conversation that is not there yet is made with the first question. */
  private async placeOf(id: string | undefined, user: User): Promise<AskPlace> {
    const known = id === undefined ? undefined : await this.conversations.find(id, user);
    if (known) return { conversation: known, parent: await this.conversations.latest(known) };
    const opening = { kind: 'private', owner: user.login, title: '' } as const;
    const now = new Date();
    const conversation: ConversationRow = {
      ...opening,
      id: id ?? randomUUID(),
      retention: 'default',
      position: 0,
      createdAt: now,
      updatedAt: now,
    };
    return { conversation, parent: undefined, opening };
  }

  private async askingOf({ text, user, place, news }: Found) {
    const { conversation, parent } = place;
    const id = randomUUID();
    const meta = { ...this.models.metaOf(this.models.named(undefined)), news: news.meta };
    const wish: TurnWish = {
      ...this.said.wishOf({}, conversation, user),
      via: 'ask',
      news: news.items,
      meta: { ...meta, cache: 'miss' },
    };
    const asking: Asking = {
      conversation,
      question: { id, text },
      parentId: parent?.id ?? null,
      answerId: answerIdOf(id),
      wish,
      login: user.login,
    };
    const path = parent ? await this.turns.path(parent.id, conversation.id) : [];
    return { asking, path };
  }

  private promptOf({ wish, question, login }: Asking, path: TurnRow[]) {
    const contextTokens = this.models.named(wish.model).contextTokens;
    const asked = { role: 'user' as const, text: question?.text ?? '', by: login };
    return promptOf({
      path: [...path, asked],
      isRoom: wish.isRoom,
      wish,
      contextTokens,
      count: (prompt) => this.models.count(wish.model, prompt),
    });
  }

  private async made(asking: Asking, opening: AskPlace['opening']): Promise<KeptAnswer> {
    const { live } = await this.begun(asking, opening);
    const how = await live?.ended;
    if (!live || how === undefined || typeof how === 'string') {
      const help = 'Another process goes on with it: look at the turns of the conversation.';
      throw new AnswerStopped('this process does not finish the answer', help);
    }
    if (how.status === 'failed') throw how.error;
    return { text: live.text, meta: how.meta, status: how.status };
  }

  private async begun(asking: Asking, opening: AskPlace['opening']) {
    try {
      return await this.said.ask(asking, opening);
    } catch (error) {
      throw isTaken(error) ? noConversation(asking.conversation.id) : error;
    }
  }

  /** Of an answer that was made for somebody else, or before: question and answer are turns here too. */
  private async record({ asking, answer, meta, opening }: Recorded): Promise<void> {
    const { conversation, question, answerId, parentId, login, wish } = asking;
    const { turns } = this.store.chat;
    const replica = this.replica.number;
    const done = { text: answer.text, meta };
    const of = { conversationId: conversation.id, by: login };
    try {
      if (opening && question) {
        await turns.keep({
          conversation,
          by: login,
          replica,
          question,
          answer: { id: answerId, ...done },
        });
        return;
      }
      await turns.ask(question && { ...of, id: question.id, text: question.text, parentId }, {
        ...of,
        id: answerId,
        parentId: question?.id ?? parentId,
        wish,
        replica,
        done,
      });
    } catch (error) {
      throw isTaken(error) ? noConversation(conversation.id) : error;
    }
  }
}

interface AskPlace {
  conversation: ConversationRow;
  parent: TurnRow | undefined;
  opening?: Pick<ConversationRow, 'kind' | 'owner' | 'title'>;
}

interface Found {
  text: string;
  user: User;
  place: AskPlace;
  news: Awaited<ReturnType<AskNews['find']>>;
}

interface Recorded {
  asking: Asking;
  answer: KeptAnswer;
  meta: Record<string, unknown>;
  opening: AskPlace['opening'];
}

/** The id is that of somebody else's conversation: nobody is told that it exists. */
function isTaken(error: unknown): boolean {
  return (error as { code?: string }).code === 'id-taken';
}

function noConversation(id: string): NotFound {
  return new NotFound(`there is no conversation "${id}"`, 'Leave conv_id out to begin a new one.');
}
