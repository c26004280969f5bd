/** Who answers: language models in our engines, or behind another server. `activities/engine` has both. */
import type { Piece, ServedModel, Wish } from '../../workflows/domain/chat.js';
import type { EngineState, ModelLoad, Served } from '../../workflows/domain/engine.js';

export type { EngineState, ModelLoad, Served };

/** Provider token. */
export const MODELS = Symbol('Models');

export interface Models {
  /** In the order in which they were configured; the first is the default. */
  served(): ServedModel[];

  /** Resolves when this process knows for the first time what is served; that may still be loading. */
  looked(): Promise<void>;

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
