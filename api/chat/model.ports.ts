/** Who answers: language models in our engines, or behind another server. `activities/engine` has both. */
import type { Piece, ServedModel, Wish } from '../../workflows/domain/chat.js';

/** Provider token. */
export const MODELS = Symbol('Models');

/** How busy the provider of one model is: what admission predicts with. */
export interface ModelLoad {
  /** Answers that it makes at once. */
  slots: number;
  busy: number;
  /** Prompt tokens that begun answers still have to be read, of all slots. */
  prefillTokens: number;
  /** Measured over the last answers; undefined until there were some. Tokens a second. */
  prefillPerSecond: number | undefined;
  /** Of one stream, at the present load. Tokens a second. */
  decodePerSecond: number | undefined;
  /** Tokens that an answer had lately, on average. */
  answerTokens: number | undefined;
}

/** Of the process behind a model, for health and metrics. */
export interface EngineState {
  model: string;
  state: 'absent' | 'starting' | 'ready' | 'restarting' | 'failed';
  /** `cpu`, `cuda`, `vulkan`, `metal` or `remote`: what it really computes on. */
  device: string;
  /** A GPU was asked for, and it computes on the CPU. */
  isFallback: boolean;
  restarts: number;
  /** Anonymous memory and swap of its process, bytes; undefined for another server. */
  memoryBytes: number | undefined;
  gpuMemoryBytes: number | undefined;
  /** Of the last heartbeat, which evaluates one token. Milliseconds. */
  heartbeatMs: number | undefined;
  reason?: string;
}

export interface Models {
  /** In the order in which they were configured; the first is the default. */
  served(): ServedModel[];

  /**
   * One answer. Ends with `done`; throws ModelUnknown, ContextTooLong, WishRefused, EngineLost,
   * ModelNotReady. Repeatable: nothing but time is used. An aborted `signal` ends it with
   * `done: cancelled` within 200 ms, also while it is queued or the prompt is read.
   */
  generate(wish: Wish, signal: AbortSignal): AsyncIterable<Piece>;

  /** Vectors in the order of the texts. At most 256 texts. @throws as `generate`. */
  embed(
    input: { model: string; texts: string[] },
    signal: AbortSignal,
  ): Promise<{ vectors: number[][]; promptTokens: number }>;

  /** Tokens of the wish's prompt, with the model's own tokenizer and template. */
  count(wish: Pick<Wish, 'model' | 'prompt' | 'tools'>): Promise<number>;

  load(model: string): ModelLoad;
  engines(): EngineState[];

  /**
   * Serves what the record says now (`servings`): loads beside, warms, switches, drains, disposes.
   * Requests in flight end with the model that they began with. Resolves when the new one serves.
   */
  follow(): Promise<void>;

  /** Ends engines; answers in flight get 20 s. */
  close(): Promise<void>;
}
