/** The pieces of one answer on their way from an engine to whoever asked. */
import type { Piece, Usage } from '../../workflows/domain/chat.js';
import type { Pace } from './engine.protocol.js';

/** How long a cancelled answer's own last word is waited for. Milliseconds. */
const LAST_WORD_MS = 100;

export class AnswerStream {
  /** Resolves when the engine is done with it: also after its reader was told that it is cancelled. */
  readonly over: Promise<Pace | undefined>;
  private settle: (pace: Pace | undefined) => void = () => {};
  private readonly queue: Piece[] = [];
  private error: Error | undefined;
  private wake: () => void = () => {};
  private readonly usage: Usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };

  /** @param abort tells the engine; may be called more than once. */
  constructor(private readonly abort: () => void) {
    this.over = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  push(piece: Piece): void {
    if (piece.kind === 'started') {
      this.usage.promptTokens = piece.promptTokens;
      this.usage.cachedTokens = piece.cachedTokens;
    } else if (piece.kind === 'text') this.usage.completionTokens += piece.tokens;
    this.queue.push(piece);
    this.wake();
  }

  end(pace: Pace | undefined): void {
    this.settle(pace);
  }

  fail(error: Error): void {
    this.error ??= error;
    this.settle(undefined);
    this.wake();
  }

  /** Ends with `done`, which is `cancelled` soon after `signal` was aborted. To be read once. */
  async *pieces(signal: AbortSignal): AsyncGenerator<Piece> {
    let late: NodeJS.Timeout | undefined;
    let isDone = false;
    const stop = () => {
      this.abort();
      late = setTimeout(() => this.push(this.cancelled()), LAST_WORD_MS);
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      while (!isDone) {
        const piece = await this.next(signal);
        isDone = piece.kind === 'done';
        yield piece;
      }
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', stop);
      if (!isDone) this.abort();
    }
  }

  private async next(signal: AbortSignal): Promise<Piece> {
    for (;;) {
      const piece = this.queue.shift();
      if (piece !== undefined) return piece;
      if (this.error !== undefined) {
        if (signal.aborted) return this.cancelled();
        throw this.error;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private cancelled(): Piece {
    return { kind: 'done', reason: 'cancelled', usage: { ...this.usage } };
  }
}
