/**
 * The sequences of one context, each with what was evaluated in it last. An answer gets the free one that
 * knows most of its prompt already: the system prompt, and the earlier turns of its conversation.
 */

import type { LlamaContext, LlamaContextSequence, Token } from 'node-llama-cpp';
import { Conductor } from './conductor.js';

export interface Lane {
  sequence: LlamaContextSequence;
  /** Whatever is evaluated goes through it. */
  conductor: Conductor;
  isBusy: boolean;
  /** Grows with every use: the smallest was used longest ago. */
  used: number;
}

export class Lanes {
  private readonly lanes: Lane[];
  private readonly waiting: (() => void)[] = [];
  private uses = 0;

  constructor(readonly context: LlamaContext) {
    const conductor = new Conductor();
    this.lanes = Array.from({ length: context.totalSequences }, () => ({
      sequence: context.getSequence({ checkpoints: { interval: false, max: 4 } }),
      conductor,
      isBusy: false,
      used: 0,
    }));
  }

  /** Runs `work` on the best free lane, and waits for one in turn. Rejects when `signal` aborts first. */
  async during<T>(
    tokens: readonly Token[],
    signal: AbortSignal,
    work: (lane: Lane) => Promise<T>,
  ): Promise<T> {
    while (this.lanes.every(({ isBusy }) => isBusy)) await this.turn(signal);
    const lane = this.best(tokens);
    lane.isBusy = true;
    lane.used = ++this.uses;
    try {
      return await work(lane);
    } finally {
      this.free(lane);
    }
  }

  free(lane: Lane): void {
    lane.isBusy = false;
    this.waiting.shift()?.();
  }

  /** The free lane that was used longest ago; undefined when all are busy. */
  idle(): Lane | undefined {
    return this.lanes
      .filter(({ isBusy }) => !isBusy)
      .reduce<Lane | undefined>(
        (old, lane) => (old && old.used <= lane.used ? old : lane),
        undefined,
      );
  }

  private best(tokens: readonly Token[]): Lane {
    let best: { lane: Lane; known: number } | undefined;
    for (const lane of this.lanes) {
      if (lane.isBusy) continue;
      const known = lane.sequence.compareContextTokens([...tokens]).firstDifferentIndex;
      const isBetter =
        best === undefined ||
        known > best.known ||
        (known === best.known && lane.used < best.lane.used);
      if (isBetter) best = { lane, known };
    }
    if (best === undefined) throw new Error('there is no free lane');
    return best.lane;
  }

  private turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = () => {
        this.waiting.splice(this.waiting.indexOf(go), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      else this.waiting.push(go);
    });
  }
}
