/** What the routes of conversations and turns take by address and header, and how /docs describes them. */
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import * as wire from '../client/wire.js';
import type { Described } from '../platform/docs.js';
import { BadInput } from '../platform/errors.js';
import * as examples from './examples.js';
import type { Place } from './turns.reader.js';

const DEFAULT_TURNS = 50;
const MAX_TURNS = 200;
const MAX_KEY_CHARS = 200;

export const Id = z.uuid();

const position = z.coerce.number().int().nonnegative();
export const TurnsQuery = z.strictObject({
  /** Position of the last change seen; `cursor` is the same. */
  after: position.optional(),
  cursor: position.optional(),
  limit: z.coerce.number().int().min(1).max(MAX_TURNS).default(DEFAULT_TURNS),
});
export type TurnsQuery = z.infer<typeof TurnsQuery>;

const PLACE = /^(\d{1,9})(?:-(\d{1,6}))?$/;

export const EventsQuery = z.strictObject({
  /** The same as Last-Event-ID, for those who cannot set headers. */
  after: z.string().regex(PLACE, 'must be an id of this stream').optional(),
  /**
   * The answer is cancelled when this reader leaves before its end, and nobody else reads it on this
   * replica or has its conversation open. Only for those who may cancel it.
   */
  cancelOnDisconnect: z.enum(['true', 'false']).optional(),
});
export type EventsQuery = z.infer<typeof EventsQuery>;

/** Where a reader stands, by Last-Event-ID or `after`. @throws {BadInput} */
export function placeOf(lastEventId: string | undefined, after: string | undefined): Place {
  const given = lastEventId ?? after ?? '0';
  const [, chars, attempt] = PLACE.exec(given) ?? [];
  if (chars === undefined) {
    throw new BadInput([{ field: 'last-event-id', message: 'must be an id of this stream' }]);
  }
  return { chars: Number(chars), attempt: attempt === undefined ? undefined : Number(attempt) };
}

export function idOfPlace({ chars, attempt = 1 }: Place): string {
  return attempt === 1 ? String(chars) : `${chars}-${attempt}`;
}

/** The header Idempotency-Key: what is sent twice with the same key is done once. */
export const IdempotencyKey = createParamDecorator(
  (_data: unknown, context: ExecutionContext): string | undefined => {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    const key = headers['idempotency-key'];
    if (key === undefined) return undefined;
    if (typeof key === 'string' && key !== '' && key.length <= MAX_KEY_CHARS) return key;
    const message = `must have 1 to ${MAX_KEY_CHARS} characters`;
    throw new BadInput([{ field: 'idempotency-key', message }]);
  },
);

const noConversation = { 404: 'There is no such conversation, or it is not yours.' };
const noTurn = { 404: 'There is no such turn, or it is not yours to see.' };
const said = {
  status: 202,
  answer: wire.Said,
  example: { question: examples.question, answer: examples.openAnswer },
  refuses: { ...noTurn, 409: 'The id is that of another turn, or the turn is of the wrong kind.' },
} as const;

export const described = {
  create: {
    summary: 'Begins a conversation: your own, or a room for everybody who may chat',
    status: 201,
    answer: wire.Conversation,
    example: examples.conversation,
    body: { kind: 'private', title: 'Why is staging red?' },
    refuses: { 409: 'The id is that of another conversation.' },
  },
  list: {
    summary: 'Your conversations and all rooms, last changed first',
    answer: wire.pageOf(wire.Conversation),
    example: { items: [examples.conversation], next: null },
  },
  get: {
    summary: 'One conversation',
    answer: wire.Conversation,
    example: examples.conversation,
    refuses: noConversation,
  },
  change: {
    summary: 'Changes title or retention; owner or admin',
    answer: wire.Conversation,
    example: examples.conversation,
    body: { title: 'Staging', retention: 'year' },
    refuses: noConversation,
  },
  remove: {
    summary: 'Removes a conversation with all turns; owner or admin',
    status: 204,
    refuses: noConversation,
  },
  turns: {
    summary: 'Turns of a conversation that changed after a position, in that order; one page',
    answer: wire.pageOf(wire.Turn),
    example: { items: [examples.question, examples.answer], next: null },
    refuses: noConversation,
  },
  say: {
    ...said,
    summary: 'Says something, and has it answered; to any turn as parent it makes a branch',
    body: { text: 'Why is staging red?' },
  },
  edit: {
    ...said,
    summary: 'Says something else in the place of a question of yours, beside it',
    body: { text: 'Why is staging degraded?' },
  },
  regenerate: {
    ...said,
    summary: 'Has a question answered once more, beside its answer',
    body: {},
  },
  turn: {
    summary: 'One turn; of an answer that is being made, the text so far',
    answer: wire.Turn,
    example: examples.answer,
    refuses: noTurn,
  },
  events: {
    summary: 'Follows an answer (server-sent events)',
    also: {
      'text/event-stream':
        'Events `status`, `text` {from, text} and `done` {status, chars, usage, meta, failure}. `id:` is ' +
        'the number of characters sent so far; Last-Event-ID (or `after`) goes on there, on any replica. ' +
        '`cancelOnDisconnect=true` is for those who may cancel the answer; others are refused (403).',
    },
    refuses: noTurn,
  },
  cancel: {
    summary: 'Stops an answer, wherever it is made; its text so far stays',
    answer: wire.Turn,
    example: { ...examples.answer, status: 'cancelled' },
    body: {},
    refuses: noTurn,
  },
  feedback: {
    summary: 'Rates an answer; one opinion a person',
    status: 204,
    body: { thumb: 'down', comment: 'It was the database.' },
    refuses: { ...noTurn, 409: 'It is a question.' },
  },
  ask: {
    summary: 'Asks a question and waits for its answer, with recent news in mind',
    answer: wire.Asked,
    example: { conv_id: examples.conversation.id, answer: examples.answer.text },
    body: { question: 'What is new in batteries?' },
    refuses: { 404: 'The conversation is not yours.' },
  },
} satisfies Record<string, Described>;
