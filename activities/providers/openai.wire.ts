/** What servers that speak OpenAI's API say; whatever else they say is passed over. */
import { z } from 'zod';
import { MayPass } from '../platform/resilience.js';

const Logprob = z.object({
  token: z.string(),
  logprob: z.number(),
  top_logprobs: z.array(z.object({ token: z.string(), logprob: z.number() })).nullish(),
});
export type WireLogprob = z.infer<typeof Logprob>;

const CallPart = z.object({
  index: z.number().int().min(0).nullish(),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
});
export type CallPart = z.infer<typeof CallPart>;

export const WireUsage = z.object({
  prompt_tokens: z.number().catch(0),
  completion_tokens: z.number().catch(0),
  prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
});
export type WireUsage = z.infer<typeof WireUsage>;

/** One event of an answer: of a conversation (`delta`), or of a text to go on from (`text`). */
export const Chunk = z.object({
  error: z.unknown().optional(),
  usage: WireUsage.nullish(),
  choices: z
    .array(
      z.object({
        text: z.string().nullish(),
        delta: z
          .object({ content: z.string().nullish(), tool_calls: z.array(CallPart).nullish() })
          .nullish(),
        finish_reason: z.string().nullish(),
        logprobs: z.unknown().optional(),
      }),
    )
    .nullish(),
});
export type Chunk = z.infer<typeof Chunk>;

export const ChatLogprobs = z.object({ content: z.array(Logprob) });
/** Of `/completions`. */
export const TextLogprobs = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable()),
  top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
});

export const ModelList = z.object({
  data: z.array(z.object({ id: z.string(), max_model_len: z.number().int().positive().nullish() })),
});

export const Embeddings = z.object({
  data: z.array(z.object({ index: z.number().int().optional(), embedding: z.array(z.number()) })),
  usage: z.object({ prompt_tokens: z.number() }).nullish(),
});

/** A refusal, also as Ollama and Azure write it. */
export const WireError = z.union([
  z
    .object({
      error: z.object({
        message: z.string(),
        code: z.unknown().optional(),
        param: z.unknown().optional(),
      }),
    })
    .transform(({ error }) => error),
  z
    .object({ error: z.string() })
    .transform(({ error }) => ({ message: error, code: '', param: '' })),
  z.object({ message: z.string() }).transform(({ message }) => ({ message, code: '', param: '' })),
]);

/** @throws {MayPass} when the answer is not of its form. */
export async function parsed<T extends z.ZodType>(
  form: T,
  response: Response,
): Promise<z.infer<T>> {
  const said: unknown = await response.json().catch(() => undefined);
  const read = form.safeParse(said);
  if (read.success) return read.data;
  throw new MayPass('the answer is not of OpenAI’s form');
}
