/**
 * Reads prompts in pieces. The library keeps its lock until everything that is queued was evaluated, so a
 * prompt that is given at once stops all other answers, and cannot be stopped. Prompts take turns, piece by
 * piece, and a piece is as large as can be read in about the time that a cancel may take.
 */
import type { Token } from 'node-llama-cpp';
import type { Lane } from './lanes.js';

/** What one piece should take, at most. Milliseconds. */
const PIECE_MS = 80;
/** Fewer are not worth a step. */
const MIN_PIECE_TOKENS = 8;

export class Reading {
  private last: Promise<unknown> = Promise.resolve();
  private pieceTokens: number;

  constructor(private readonly maxPieceTokens: number) {
    this.pieceTokens = Math.min(maxPieceTokens, 64);
  }

  /**
   * Evaluates `tokens` behind what the sequence holds.
   *
   * @param left called after each piece with what is still to be read.
   * @returns whether all was read; false when `signal` was aborted, with a part of it read.
   */
  async read(
    { sequence, conductor }: Lane,
    tokens: readonly Token[],
    signal: AbortSignal,
    left: (tokens: number) => void,
  ): Promise<boolean> {
    for (let at = 0; at < tokens.length; ) {
      const read = await this.inTurn(async () => {
        if (signal.aborted) return 0;
        const piece = tokens.slice(at, at + this.pieceTokens);
        return conductor.step(async () => {
          const started = performance.now();
          await sequence.evaluateWithoutGeneratingNewTokens([...piece], { evaluationPriority: 1 });
          this.learn(piece.length, performance.now() - started);
          return piece.length;
        });
      });
      if (read === 0) return false;
      at += read;
      left(tokens.length - at);
    }
    return !signal.aborted;
  }

  private learn(tokens: number, ms: number): void {
    if (tokens < this.pieceTokens) return;
    const fitting = Math.floor((tokens * PIECE_MS) / Math.max(ms, 1));
    // At most twice as many: one quick piece is no proof.
    this.pieceTokens = Math.max(
      MIN_PIECE_TOKENS,
      Math.min(this.maxPieceTokens, fitting, this.pieceTokens * 2),
    );
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => {});
    return turn;
  }
}
