/** What an engine and the process that started it say to each other, as JSON over IPC. */
import { z } from 'zod';
import type { Piece, Wish } from '../../workflows/domain/chat.js';

/** Texts of one embedding request. */
export const MAX_EMBEDDED_TEXTS = 256;
/** Tools of one wish: each is written into the prompt, and into a grammar. */
export const MAX_TOOLS = 128;
/** Texts that end an answer. */
export const MAX_STOPS = 16;
/** Nesting of a JSON Schema, and its parts in all: grammars grow with both. */
export const MAX_SCHEMA_DEPTH = 32;
export const MAX_SCHEMA_PARTS = 2_000;

const toolCall = z.object({ id: z.string(), name: z.string(), arguments: z.string() });
const message = z.discriminatedUnion('role', [
  z.object({ role: z.literal('system'), content: z.string() }),
  z.object({ role: z.literal('user'), content: z.string() }),
  z.object({
    role: z.literal('assistant'),
    content: z.string(),
    toolCalls: z.array(toolCall).optional(),
  }),
  z.object({ role: z.literal('tool'), content: z.string(), toolCallId: z.string() }),
]);
const schema = z.record(z.string(), z.unknown());

/** A `Wish` as it arrives in an engine. Its limits are the engine's own: doors may be stricter. */
export const WireWish = z.object({
  id: z.string(),
  model: z.string(),
  prompt: z.union([z.object({ messages: z.array(message) }), z.object({ text: z.string() })]),
  begun: z.string().optional(),
  sampling: z.object({
    temperature: z.number().min(0).max(2).optional(),
    topP: z.number().min(0).max(1).optional(),
    topK: z.number().int().min(0).optional(),
    minP: z.number().min(0).max(1).optional(),
    seed: z.number().optional(),
    maxTokens: z.number().int().min(0).optional(),
    stop: z.array(z.string().min(1)).max(MAX_STOPS).optional(),
    frequencyPenalty: z.number().min(-2).max(2).optional(),
    presencePenalty: z.number().min(-2).max(2).optional(),
  }),
  tools: z
    .array(
      z.object({
        name: z
          .string()
          .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "_" or "-"'),
        description: z.string().optional(),
        parameters: schema.optional(),
        strict: z.boolean().optional(),
      }),
    )
    .max(MAX_TOOLS)
    .optional(),
  toolChoice: z
    .union([z.enum(['auto', 'none', 'required']), z.object({ name: z.string() })])
    .optional(),
  format: z.object({ kind: z.literal('json'), schema: schema.optional() }).optional(),
  topLogprobs: z.number().int().min(0).max(20).optional(),
  conversation: z.string().optional(),
  owner: z.string().optional(),
});

/** A context of the loaded model: with an adapter, it is another model. */
export const ContextSpec = z.object({ key: z.string(), adapterPath: z.string().optional() });
export type ContextSpec = z.infer<typeof ContextSpec>;

export const LoadSpec = z.object({
  modelPath: z.string(),
  device: z.enum(['cpu', 'cuda', 'vulkan', 'metal']),
  /** On the CPU. */
  threads: z.number().int(),
  /** Threads that choose the next tokens of several streams: of libuv's pool, in which CPUs compute too. */
  samplers: z.number().int(),
  /** Sequences of each context: answers at once. */
  slots: z.number().int(),
  /** Of one sequence; never more than the model was made for. */
  contextTokens: z.number().int(),
  /** Prompt tokens that are read in one go, at most; fewer where they take long. */
  chunkTokens: z.number().int(),
  contexts: z.array(ContextSpec),
  /** llama.cpp keeps its own time, for `timings`. Costs a little. */
  isMeasured: z.boolean(),
});
export type LoadSpec = z.infer<typeof LoadSpec>;

const call = z.number().int();
const wish = z.custom<Wish>((value) => WireWish.safeParse(value).success);

/** To the engine. `call` numbers what is asked; its answers carry it. */
export const ToEngine = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('load'), spec: LoadSpec }),
  z.object({ kind: z.literal('open'), call, context: ContextSpec }),
  z.object({ kind: z.literal('close'), call, key: z.string() }),
  z.object({ kind: z.literal('generate'), call, key: z.string(), wish }),
  z.object({ kind: z.literal('abort'), call }),
  z.object({ kind: z.literal('embed'), call, texts: z.array(z.string()).max(MAX_EMBEDDED_TEXTS) }),
  z.object({ kind: z.literal('count'), call, wish }),
  z.object({ kind: z.literal('ping'), call }),
  z.object({ kind: z.literal('timings'), call, key: z.string() }),
]);
export type ToEngine = z.infer<typeof ToEngine>;

const logprob = z.object({ text: z.string(), logprob: z.number() });
const usage = z.object({
  promptTokens: z.number(),
  cachedTokens: z.number(),
  completionTokens: z.number(),
});
const piece = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('started'), promptTokens: z.number(), cachedTokens: z.number() }),
  z.object({
    kind: z.literal('text'),
    text: z.string(),
    tokens: z.number(),
    logprobs: z.array(logprob.extend({ top: z.array(logprob) })).optional(),
  }),
  z.object({ kind: z.literal('toolCalls'), calls: z.array(toolCall) }),
  z.object({
    kind: z.literal('done'),
    reason: z.enum(['stop', 'length', 'toolCalls', 'cancelled']),
    usage,
  }),
]) as unknown as z.ZodType<Piece>;

/** Time that an answer took in the engine, for predictions. Milliseconds. */
export const Pace = z.object({
  prefillTokens: z.number(),
  prefillMs: z.number(),
  decodeTokens: z.number(),
  decodeMs: z.number(),
});
export type Pace = z.infer<typeof Pace>;

export const Loaded = z.object({
  /** What it really computes on. */
  device: z.enum(['cpu', 'cuda', 'vulkan', 'metal']),
  /** A GPU was asked for, and no layer is on it. */
  isFallback: z.boolean(),
  contextTokens: z.number(),
});
export type Loaded = z.infer<typeof Loaded>;

/** Why something is not to be had, with what its error class needs. */
export const Refusal = z.object({
  code: z.enum([
    'context-length-exceeded',
    'model-refuses',
    'bad-model-file',
    'no-memory',
    'no-device',
    'broken',
  ]),
  message: z.string(),
  promptTokens: z.number().optional(),
  contextTokens: z.number().optional(),
});
export type Refusal = z.infer<typeof Refusal>;

/** From the engine. */
export const FromEngine = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('loaded'), loaded: Loaded, gpuMemoryBytes: z.number().optional() }),
  z.object({ kind: z.literal('notLoaded'), refusal: Refusal }),
  /** Where it is between `load` and `loaded`: what may take long, and what is a program of the file's. */
  z.object({ kind: z.literal('loading'), what: z.enum(['template', 'context']) }),
  /** Of many answers at once, in order. */
  z.object({ kind: z.literal('pieces'), pieces: z.array(z.tuple([call, piece])) }),
  /** Prompt tokens that are still to be read. */
  z.object({ kind: z.literal('reading'), call, left: z.number() }),
  z.object({ kind: z.literal('ended'), call, pace: Pace.optional() }),
  /** `value` is absent where there is nothing to say. */
  z.object({ kind: z.literal('result'), call, value: z.unknown().optional() }),
  z.object({ kind: z.literal('refused'), call, refusal: Refusal }),
]);
export type FromEngine = z.infer<typeof FromEngine>;

export const Pong = z.object({
  /** Of the last token that was evaluated. Milliseconds. */
  tokenMs: z.number(),
  gpuMemoryBytes: z.number().optional(),
});
export const Embedded = z.object({
  vectors: z.array(z.array(z.number())),
  promptTokens: z.number(),
});
