/** The shapes of conversations and turns over REST. Times are ISO 8601 in UTC. */
import { z } from 'zod';
import { ModelName } from '../../workflows/domain/chat.js';
import { plainText } from '../../workflows/domain/names.js';

const time = z.iso.datetime();

/** What one person may say at once, characters. */
export const MAX_SAID_CHARS = 32_000;
/** Of `POST /ask`, as its source has it. */
export const MAX_QUESTION_CHARS = 4_000;
const MAX_CONVERSATION_NAME_CHARS = 200;
const MAX_TITLE_CHARS = 200;
const MAX_COMMENT_CHARS = 2_000;
/** Tokens of one answer. */
const MAX_ANSWER_TOKENS = 32_768;
const MAX_STOPS = 16;
const MAX_STOP_CHARS = 100;

/** How long a conversation is kept: 90 days, a year, or 7 years. */
export const Retention = z.enum(['default', 'year', 'legal']);
export type Retention = z.infer<typeof Retention>;

export const Conversation = z.object({
  id: z.uuid(),
  /** A room is everybody's who may chat. */
  kind: z.enum(['private', 'room']),
  owner: z.string(),
  title: z.string(),
  retention: Retention,
  /** Of the last change of a turn: what a reader has seen who saw everything. */
  position: z.int(),
  createdAt: time,
  updatedAt: time,
});
export type Conversation = z.infer<typeof Conversation>;

export const CreateConversation = z.strictObject({
  /** Chosen by the client, so that a repeat creates nothing. */
  id: z.uuid().optional(),
  kind: Conversation.shape.kind.optional(),
  title: plainText(MAX_TITLE_CHARS).trim().optional(),
});
export type CreateConversation = z.infer<typeof CreateConversation>;

export const ChangeConversation = z.strictObject({
  title: plainText(MAX_TITLE_CHARS).trim().optional(),
  retention: Retention.optional(),
});
export type ChangeConversation = z.infer<typeof ChangeConversation>;

/** `queued`: not begun yet. A question is always `done`. */
export const TurnStatus = z.enum(['queued', 'answering', 'done', 'failed', 'cancelled']);
export type TurnStatus = z.infer<typeof TurnStatus>;

/** Why an answer failed: a stable code, what happened, and what to do next. */
export const TurnFailure = z.object({ code: z.string(), message: z.string(), help: z.string() });
export type TurnFailure = z.infer<typeof TurnFailure>;

/** One thing that was said. A conversation is a tree: an edit or another answer is a sibling. */
export const Turn = z.object({
  id: z.uuid(),
  conversationId: z.uuid(),
  /** What it answers; null for a conversation's first. */
  parentId: z.uuid().nullable(),
  role: z.enum(['user', 'assistant']),
  /** Login of the person; of an answer: who asked for it. */
  by: z.string(),
  status: TurnStatus,
  /** Of an answer that is being made: so far. */
  text: z.string(),
  position: z.int(),
  /** How often the making of it was begun: another replica goes on when one dies. */
  attempt: z.int(),
  /**
   * Of an answer that has ended: model, digest, adapter, slot (of which of the two that a name may serve),
   * toy, usage, finish, news, cache; `mixed` where another model took over in the middle.
   */
  meta: z.record(z.string(), z.unknown()),
  failure: TurnFailure.nullable(),
  createdAt: time,
  finishedAt: time.nullable(),
});
export type Turn = z.infer<typeof Turn>;

/** As OpenAI's API names them, in camel case. */
export const SamplingWish = z.strictObject({
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().gt(0).max(1).optional(),
  topK: z.int().min(1).max(1_000).optional(),
  minP: z.number().min(0).max(1).optional(),
  seed: z.int().min(0).max(4_294_967_295).optional(),
  maxTokens: z.int().min(1).max(MAX_ANSWER_TOKENS).optional(),
  stop: z.array(plainText(MAX_STOP_CHARS).min(1)).max(MAX_STOPS).optional(),
  frequencyPenalty: z.number().min(-2).max(2).optional(),
  presencePenalty: z.number().min(-2).max(2).optional(),
});
export type SamplingWish = z.infer<typeof SamplingWish>;

const said = plainText(MAX_SAID_CHARS).trim().min(1);
const answerWish = {
  model: ModelName.optional(),
  sampling: SamplingWish.optional(),
  /** The answer is cancelled when the last reader of its events, who may cancel it, leaves before its end. */
  cancelOnDisconnect: z.boolean().optional(),
};

/** `POST /api/v1/chat/conversations/:id/turns`. */
export const SayTurn = z.strictObject({
  /** Of the question, chosen by the client: the same again says nothing twice. */
  id: z.uuid().optional(),
  text: said,
  /** Any turn: the conversation branches there. Null: a new beginning. Default: the latest turn. */
  parentId: z.uuid().nullable().optional(),
  ...answerWish,
});
export type SayTurn = z.infer<typeof SayTurn>;

/** `POST /api/v1/chat/turns/:id/edit`: another question in the place of one's own. */
export const EditTurn = SayTurn.omit({ parentId: true });
export type EditTurn = z.infer<typeof EditTurn>;

/** `POST /api/v1/chat/turns/:id/regenerate`: another answer; `id` is the new answer's. */
export const Regenerate = z.strictObject({ id: z.uuid().optional(), ...answerWish });
export type Regenerate = z.infer<typeof Regenerate>;

/** A question and the answer that is being made to it. */
export const Said = z.object({ question: Turn.nullable(), answer: Turn });
export type Said = z.infer<typeof Said>;

export const Feedback = z.strictObject({
  thumb: z.enum(['up', 'down']),
  comment: plainText(MAX_COMMENT_CHARS).trim().optional(),
});
export type Feedback = z.infer<typeof Feedback>;

export const CancelTurn = z.strictObject({});
export type CancelTurn = z.infer<typeof CancelTurn>;

/**
 * Events of `GET /api/v1/chat/turns/:id/events` (SSE). `id:` is the number of characters sent so far
 * (UTF-16, as JavaScript counts), with `-<attempt>` behind it after the first attempt. Sent back as
 * Last-Event-ID to any replica, the stream goes on exactly there. `from` is where a text belongs: what
 * a reader has from there on is replaced, which happens only when a replica died with unstored text.
 */
export const TurnEvent = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('status'),
    data: z.object({ status: TurnStatus, attempt: z.int() }),
  }),
  z.object({ event: z.literal('text'), data: z.object({ from: z.int(), text: z.string() }) }),
  z.object({
    event: z.literal('done'),
    data: z.object({
      status: TurnStatus,
      /** Of the whole text: a reader who has more cuts it here. */
      chars: z.int(),
      usage: z
        .object({ promptTokens: z.int(), cachedTokens: z.int(), completionTokens: z.int() })
        .nullable(),
      meta: Turn.shape.meta,
      failure: TurnFailure.nullable(),
    }),
  }),
]);
export type TurnEvent = z.infer<typeof TurnEvent>;

/** `POST /ask`, exactly as its source has it. */
export const Ask = z.strictObject({
  question: z.string(),
  /**
   * That of an earlier answer, or any name for a new conversation: each person's names are their own.
   * Null and an empty text are a new conversation without a name.
   */
  conv_id: z
    .string()
    .max(MAX_CONVERSATION_NAME_CHARS)
    .nullable()
    .transform((name) => name || undefined)
    .optional(),
});
export type Ask = z.infer<typeof Ask>;

/** `conv_id` is as it was sent, or a new one. */
export const Asked = z.object({ conv_id: z.string(), answer: z.string() });
export type Asked = z.infer<typeof Asked>;
