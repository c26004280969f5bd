/** Proves that the engine evaluates: by its work where it has some, else by a token of its own. */
import type { Lane, Lanes } from './lanes.js';

export class Pulse {
  private progress = 0;
  private atLastTake = -1;
  private lastAt = performance.now();
  private tokenMs = 0;
  private waiting: (() => void)[] = [];

  /** Something was evaluated. */
  progressed(): void {
    const now = performance.now();
    this.tokenMs = now - this.lastAt;
    this.lastAt = now;
    this.progress++;
    for (const go of this.waiting.splice(0)) go();
  }

  /**
   * Milliseconds of the last token: of an answer that went on since the last call, else of one that is
   * evaluated for this. Where every lane is busy, the next token of any answer is waited for.
   */
  async take(contexts: readonly Lanes[]): Promise<number> {
    const isNew = this.progress !== this.atLastTake;
    const idle = contexts.find((lanes) => lanes.idle() !== undefined);
    if (idle !== undefined && !(isNew && this.isRecent())) await this.beat(idle);
    else if (!isNew) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.atLastTake = this.progress;
    return this.tokenMs;
  }

  /** Evaluates one token in a lane that is idle, and forgets it: what the lane knows stays useful. */
  async beat(lanes: Lanes): Promise<void> {
    const lane = lanes.idle();
    if (lane === undefined) return;
    lane.isBusy = true;
    const started = performance.now();
    try {
      await evaluateOne(lane);
    } finally {
      lanes.free(lane);
    }
    this.progressed();
    this.tokenMs = performance.now() - started;
  }

  private isRecent(): boolean {
    return performance.now() - this.lastAt < 1_000;
  }
}

async function evaluateOne({ sequence, conductor }: Lane): Promise<void> {
  const { bos, eos } = sequence.model.tokens;
  const token = bos ?? eos;
  if (token === null) return;
  const isFull = sequence.nextTokenIndex >= sequence.contextSize - 1;
  if (isFull || sequence.needsCheckpoints) await sequence.clearHistory();
  const at = sequence.nextTokenIndex;
  const sampled = sequence.evaluate([token], { yieldEogToken: true });
  await conductor.step(() => sampled.next());
  await sampled.return();
  await sequence.eraseContextTokenRanges([{ start: at, end: sequence.nextTokenIndex }]);
}
