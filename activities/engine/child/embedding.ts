/** Vectors of texts, of unit length, one text after the other. */
import type { LlamaEmbeddingContext } from 'node-llama-cpp';
import type { Mind } from './mind.js';
import { refuse, tooLong } from './refused.js';

/** Of one text. Its buffers grow with it. */
const MAX_TEXT_TOKENS = 2_048;

export class Embedding {
  private context: Promise<LlamaEmbeddingContext> | undefined;

  constructor(private readonly mind: Mind) {}

  /** @throws {Refused} before anything was evaluated; the reason of `signal` when it aborts. */
  async embed(
    texts: readonly string[],
    signal: AbortSignal,
    progress: () => void,
  ): Promise<{ vectors: number[][]; promptTokens: number }> {
    const limit = Math.min(this.mind.contextTokens, MAX_TEXT_TOKENS);
    const inputs = texts.map((text) => this.mind.model.tokenize(text));
    for (const { length } of inputs) {
      if (length === 0) throw refuse('a text is empty: it has no meaning to embed');
      if (length >= limit) throw tooLong(length, limit);
    }
    this.context ??= this.mind.model.createEmbeddingContext({ contextSize: limit });
    const context = await this.context;
    const vectors: number[][] = [];
    for (const tokens of inputs) {
      signal.throwIfAborted();
      vectors.push(unit((await context.getEmbeddingFor(tokens)).vector));
      progress();
    }
    return { vectors, promptTokens: inputs.reduce((sum, { length }) => sum + length, 0) };
  }
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector) || 1;
  return vector.map((each) => each / length);
}
