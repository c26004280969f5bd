/** Parts of requests that several /v1 routes take. What is null is taken as absent, as OpenAI does. */
import { z } from 'zod';
import { ModelName } from '../../workflows/domain/chat.js';
import { MAX_SCHEMA_DEPTH, MAX_SCHEMA_VALUES, MAX_STOP_CHARS, MAX_STOPS } from './limits.js';

/** A list whose length is looked at before its items are: millions of wrong items cost nothing. */
export function few<T extends z.ZodType>(item: T, max: number, min = 0) {
  const { $schema: _, ...described } = z.toJSONSchema(item, {
    target: 'openapi-3.0',
    io: 'input',
    unrepresentable: 'any',
  });
  return z.array(z.unknown().meta(described)).min(min).max(max).pipe(z.array(item));
}

/** A JSON Schema that is neither too deep nor too large. */
export const JsonSchema = z.record(z.string(), z.unknown()).refine(isModest, {
  error: `must be a JSON Schema with at most ${MAX_SCHEMA_DEPTH} levels and ${MAX_SCHEMA_VALUES} values`,
});

function isModest(schema: unknown): boolean {
  const left = [{ value: schema, depth: 1 }];
  let values = 0;
  for (let at = left.pop(); at; at = left.pop()) {
    const { value, depth } = at;
    if (++values > MAX_SCHEMA_VALUES || depth > MAX_SCHEMA_DEPTH) return false;
    if (value === null || typeof value !== 'object') continue;
    for (const inner of Object.values(value)) left.push({ value: inner, depth: depth + 1 });
    if (left.length > MAX_SCHEMA_VALUES) return false;
  }
  return true;
}

const tokens = z.int().min(1).max(10_000_000).nullish();
const penalty = z.number().min(-2).max(2).nullish();
const Stop = z.string().max(MAX_STOP_CHARS);

/** Of both kinds of completions. */
export const sampling = {
  model: ModelName,
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  max_tokens: tokens,
  stop: z
    .union([Stop, few(Stop, MAX_STOPS)], {
      error: `must be a text or a list of at most ${MAX_STOPS} texts, each of at most ${MAX_STOP_CHARS} characters`,
    })
    .nullish(),
  frequency_penalty: penalty,
  presence_penalty: penalty,
  n: z.literal(1, { error: 'must be 1: one answer a request is made' }).nullish(),
  logit_bias: z
    .record(z.string(), z.number())
    .refine((bias) => Object.keys(bias).length === 0, {
      error: 'is not supported; leave it out',
    })
    .nullish(),
  user: z.string().max(512).nullish(),
};
export const maxTokens = tokens;

interface Sampled {
  temperature?: number | null | undefined;
  top_p?: number | null | undefined;
  seed?: number | null | undefined;
  stop?: string | string[] | null | undefined;
  frequency_penalty?: number | null | undefined;
  presence_penalty?: number | null | undefined;
}

/** Without what was not said. Seeds are taken into 32 bits, the same one always to the same. */
export function samplingOf(body: Sampled, max: number | null | undefined) {
  const stop = [body.stop ?? []].flat().filter((text) => text !== '');
  return {
    temperature: body.temperature ?? 1,
    ...named('topP', body.top_p),
    ...named('seed', body.seed == null ? undefined : Math.abs(body.seed) % 2 ** 32),
    ...named('maxTokens', max),
    ...named('frequencyPenalty', body.frequency_penalty),
    ...named('presencePenalty', body.presence_penalty),
    ...(stop.length > 0 ? { stop } : {}),
  };
}

function named<K extends string>(key: K, value: number | null | undefined) {
  return (value == null ? {} : { [key]: value }) as Partial<Record<K, number>>;
}
