/** What travels on /v1 that is ours and not OpenAI's, and the error that every /v1 address answers. */
import { z } from 'zod';

export const RequestInFlight = z.object({
  id: z.string(),
  login: z.string(),
  /** The door: `turn`, `ask`, `openai`, `chatops`. */
  via: z.string(),
  model: z.string(),
  state: z.enum(['queued', 'prefill', 'decode']),
  sinceMs: z.int(),
  promptTokens: z.int(),
  completionTokens: z.int(),
});
export type RequestInFlight = z.infer<typeof RequestInFlight>;

/** Newest first, at most 200; of the process that answers. */
export const RequestsInFlight = z.object({
  object: z.literal('list'),
  data: z.array(RequestInFlight),
});
export type RequestsInFlight = z.infer<typeof RequestsInFlight>;

export const CancelledRequest = z.object({ id: z.string(), cancelled: z.boolean() });
export type CancelledRequest = z.infer<typeof CancelledRequest>;

/** Every refusal on /v1, in OpenAI's shape; also what a stream says when it breaks off. */
export const OpenAiError = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    /** The field that is wrong, like `messages[0].content`. */
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
});
export type OpenAiError = z.infer<typeof OpenAiError>;
