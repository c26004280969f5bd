/** Somebody who talks and does not give up: the same again, with the same id, until it is heard. */
import { randomUUID } from 'node:crypto';
import { ApiProblem, type Client, textAfter } from '../../../client/client.js';
import type { TicketStatus } from '../../../client/wire.tickets.js';
import { eventually } from '../../harness/eventually.js';
import { insisting } from '../insisting.js';
import type { ChatSaid, QuestionSaid } from './said.js';

/** How long an answer may take, with everything that is killed meanwhile. */
const ANSWER_LIMIT_MS = 150_000;

const TOO_MANY = 429;

export class Talker {
  constructor(
    private readonly login: string,
    private readonly client: Client,
    private readonly said: ChatSaid,
  ) {}

  /** Returns the conversation's id. */
  async begins(): Promise<string> {
    const id = randomUUID();
    await this.insists('a conversation', () => this.client.chat.conversations.create({ id }));
    return id;
  }

  /** Says something and does not wait for the answer. */
  async says(conversationId: string, text: string, parentId: string | null): Promise<QuestionSaid> {
    const id = randomUUID();
    const { answer } = await this.insists('a question', () =>
      this.client.chat.conversations.say(conversationId, { id, text, parentId }),
    );
    const of = { by: this.login, conversationId, questionId: id, answerId: answer.id, text };
    const question: QuestionSaid = of;
    this.said.questions.push(question);
    return question;
  }

  /** Reads the answer over every break, to its end. @param hears each text so far. */
  async reads(question: QuestionSaid, hears: (text: string) => void = () => {}): Promise<void> {
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    let text = '';
    for await (const event of this.client.chat.turns.events(question.answerId, { signal })) {
      text = textAfter(text, event);
      hears(text);
      if (event.event === 'done') question.seen = { status: event.data.status, text };
    }
  }

  /** Reads until the answer speaks, stops it, and reads what still comes. */
  async stops(question: QuestionSaid): Promise<void> {
    let heard = '';
    const reading = this.reads(question, (text) => {
      heard = text;
    });
    reading.catch(() => {}); // Awaited below.
    const hasBegun = async () => heard !== '' || question.seen !== undefined;
    await eventually('the answer speaks', hasBegun, ANSWER_LIMIT_MS);
    const { status } = await this.insists('a stop', () =>
      this.client.chat.turns.cancel(question.answerId),
    );
    question.stopped = { status };
    await reading;
  }

  /** Asks without a conversation. A try whose answer was lost is not known to have been heard. */
  async asks(text: string): Promise<void> {
    await this.insists('an ask', async () => {
      const asked: ChatSaid['asks'][number] = {
        by: this.login,
        conversationId: randomUUID(),
        text,
      };
      this.said.asks.push(asked);
      asked.answer = (await this.client.chat.ask(text, asked.conversationId)).answer;
    });
  }

  /** Opens a ticket and gives it one status after the other. */
  async files(subject: string, ...statuses: TicketStatus[]): Promise<void> {
    const id = `t-${randomUUID()}`;
    const opened = await this.insists('a ticket', () => this.client.tickets.open({ id, subject }));
    const ticket = { by: this.login, id, subject, status: opened.status };
    this.said.tickets.push(ticket);
    for (const status of statuses) {
      const changed = await this.insists('a status', () =>
        this.client.tickets.setStatus(id, status),
      );
      ticket.status = changed.status;
    }
  }

  private insists<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    return insisting(`${what} of ${this.login}`, attempt, isRefusal);
  }
}

/** A definite no, in contrast to a part that is away or busy. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiProblem && error.status < 500 && error.status !== TOO_MANY;
}
