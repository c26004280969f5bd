/** What /v1 answers: OpenAI's shapes, and `slipway` where we have something to add. */
import { z } from 'zod';

/** Only where there is something to say. */
export const Meta = z.object({
  /** No language model wrote this. */
  toy: z.literal(true).optional(),
  /** Somebody stopped the answer: it is not whole. */
  cancelled: z.literal(true).optional(),
  note: z.string().optional(),
});
export type Meta = z.infer<typeof Meta>;
const slipway = Meta.optional();

export const UsageShape = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({ cached_tokens: z.int(), audio_tokens: z.int() }),
  completion_tokens_details: z.object({ reasoning_tokens: z.int(), audio_tokens: z.int() }),
});
export type UsageShape = z.infer<typeof UsageShape>;

const tokenLogprob = { token: z.string(), logprob: z.number(), bytes: z.array(z.int()) };
export const Logprobs = z.object({
  content: z.array(z.object({ ...tokenLogprob, top_logprobs: z.array(z.object(tokenLogprob)) })),
  refusal: z.null(),
});
export type Logprobs = z.infer<typeof Logprobs>;

const finishReason = z.enum(['stop', 'length', 'tool_calls']);
export type Finish = z.infer<typeof finishReason>;

export const CallShape = z.object({
  id: z.string(),
  type: z.literal('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
});
export type CallShape = z.infer<typeof CallShape>;

const answer = {
  id: z.string(),
  /** Seconds since 1970. */
  created: z.int(),
  model: z.string(),
  system_fingerprint: z.string(),
  slipway,
};

export const ChatCompletion = z.object({
  ...answer,
  object: z.literal('chat.completion'),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.object({
        role: z.literal('assistant'),
        content: z.string().nullable(),
        refusal: z.null(),
        tool_calls: z.array(CallShape).optional(),
      }),
      logprobs: Logprobs.nullable(),
      finish_reason: finishReason,
    }),
  ),
  usage: UsageShape,
});
export type ChatCompletion = z.infer<typeof ChatCompletion>;

export interface ChatDelta {
  role?: 'assistant';
  content?: string | null;
  refusal?: null;
  tool_calls?: (Partial<Omit<CallShape, 'function'>> & {
    index: number;
    function: Partial<CallShape['function']>;
  })[];
}

/** Of a stream. */
export interface ChatChunk {
  id: string;
  object: 'chat.completion.chunk';
  created: number;
  model: string;
  system_fingerprint: string;
  choices: {
    index: 0;
    delta: ChatDelta;
    logprobs: Logprobs | null;
    finish_reason: Finish | null;
  }[];
  usage?: UsageShape | null;
  slipway?: Meta;
}

export const TextLogprobs = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number()),
  top_logprobs: z.array(z.record(z.string(), z.number())),
  text_offset: z.array(z.int()),
});
export type TextLogprobs = z.infer<typeof TextLogprobs>;

/** Also each chunk of a stream, without usage but for the last. */
export const TextCompletion = z.object({
  ...answer,
  object: z.literal('text_completion'),
  choices: z.array(
    z.object({
      index: z.int(),
      text: z.string(),
      logprobs: TextLogprobs.nullable(),
      finish_reason: finishReason.nullable(),
    }),
  ),
  usage: UsageShape.nullable().optional(),
});
export type TextCompletion = z.infer<typeof TextCompletion>;

export const EmbeddingList = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: z.int(),
      /** Numbers, or the base64 of little-endian 32-bit floats. */
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  model: z.string(),
  usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
  slipway,
});
export type EmbeddingList = z.infer<typeof EmbeddingList>;

export const ModelShape = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
  slipway,
});
export type ModelShape = z.infer<typeof ModelShape>;

export const ModelList = z.object({ object: z.literal('list'), data: z.array(ModelShape) });
export type ModelList = z.infer<typeof ModelList>;
