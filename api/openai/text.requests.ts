/** What `/v1/completions` and `/v1/embeddings` take. */
import { z } from 'zod';
import type { Wish } from '../../workflows/domain/chat.js';
import { ModelName } from '../../workflows/domain/chat.js';
import { few, sampling, samplingOf } from './fields.js';
import { DEFAULT_COMPLETION_TOKENS, MAX_EMBEDDED_TEXTS } from './limits.js';

export const TextRequest = z
  .object({
    ...sampling,
    prompt: z.union([z.string(), few(z.string(), 1, 1)], {
      error: 'must be one text; several texts or tokens are not taken',
    }),
    /** Alternatives of each token. */
    logprobs: z.int().min(0).max(5).nullish(),
    echo: z.boolean().nullish(),
    best_of: z.literal(1, { error: 'must be 1: one answer a request is made' }).nullish(),
    suffix: z.literal('', { error: 'is not supported; leave it out' }).nullish(),
  })
  .superRefine((body, context) => {
    const wrong = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (body.echo === true && body.logprobs != null) {
      wrong('echo', 'is not taken together with logprobs: prompts have none');
    }
    if (body.stream_options != null && body.stream !== true) {
      wrong('stream_options', 'is only taken where stream is true');
    }
  });
export type TextRequest = z.infer<typeof TextRequest>;

export function promptOf({ prompt }: TextRequest): string {
  return [prompt].flat().join('').toWellFormed();
}

export function textWish(body: TextRequest, id: string): Wish {
  return {
    id,
    model: body.model,
    prompt: { text: promptOf(body) },
    sampling: samplingOf(body, body.max_tokens ?? DEFAULT_COMPLETION_TOKENS),
    ...(body.logprobs == null ? {} : { topLogprobs: body.logprobs }),
  };
}

const Embedded = z.string().min(1);

export const EmbeddingsRequest = z.object({
  model: ModelName,
  input: z.union([Embedded, few(Embedded, MAX_EMBEDDED_TEXTS, 1)], {
    error: `must be a text or 1 to ${MAX_EMBEDDED_TEXTS} texts, none of them empty; tokens are not taken`,
  }),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z
    .null({ error: 'is not supported: vectors have the length that the model gives them' })
    .optional(),
  user: z.string().max(512).nullish(),
});
export type EmbeddingsRequest = z.infer<typeof EmbeddingsRequest>;
