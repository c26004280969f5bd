/**
 * The sequences of one context, each with what was evaluated in it last. An answer gets the free one that
 * spares it most of its prompt: the system prompt, and the earlier turns of its conversation. What is read
 * for one owner is never known to another: neither a count nor the time that a prompt takes tells of it.
 */

import type { LlamaContext, LlamaContextSequence, Token } from 'node-llama-cpp';
import { Conductor } from './conductor.js';

/** What is to be read, for whom. */
export interface Reader {
  tokens: readonly Token[];
  /** Of the tokens, those at the beginning that hold nobody's words. */
  common: number;
  /** Who may learn of the rest; undefined is an owner like any other. */
  owner: string | undefined;
}

export interface Lane {
  sequence: LlamaContextSequence;
  /** Whatever is evaluated goes through it. */
  conductor: Conductor;
  isBusy: boolean;
  /** Grows with every use: the smallest was used longest ago. */
  used: number;
  /** Of what it holds. */
  last: Pick<Reader, 'owner' | 'common'>;
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
      last: { owner: undefined, common: 0 },
    }));
  }

  /**
   * Runs `work` on the best free lane, and waits for one in turn. The lane holds nothing then that its
   * reader may not know. Rejects when `signal` aborts first.
   */
  async during<T>(
    reader: Reader,
    signal: AbortSignal,
    work: (lane: Lane) => Promise<T>,
  ): Promise<T> {
    while (this.lanes.every(({ isBusy }) => isBusy)) await this.turn(signal);
    const { lane, known } = this.best(reader);
    lane.isBusy = true;
    lane.used = ++this.uses;
    try {
      if (lane.last.owner !== reader.owner) await hold(lane, reader.tokens.slice(0, known));
      lane.last = { owner: reader.owner, common: reader.common };
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

  private best(reader: Reader): { lane: Lane; known: number } {
    let best: { lane: Lane; known: number } | undefined;
    for (const lane of this.lanes) {
      if (lane.isBusy) continue;
      const known = knownTo(reader, lane);
      const isBetter =
        best === undefined ||
        known > best.known ||
        (known === best.known && lane.used < best.lane.used);
      if (isBetter) best = { lane, known };
    }
    if (best === undefined) throw new Error('there is no free lane');
    return best;
  }

  private async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = () => {
        this.waiting.splice(this.waiting.indexOf(go), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.waiting.push(go);
    });
  }
}

/**
 * Makes the sequence hold a beginning of these tokens and nothing else. How many it holds then is its
 * `nextTokenIndex`.
 */
export async function hold({ sequence }: Lane, tokens: readonly Token[]): Promise<void> {
  const { firstDifferentIndex: known } = sequence.compareContextTokens([...tokens]);
  if (known === sequence.nextTokenIndex) return;
  // Models that cannot forget the end of what they read would read all of it again, and unstoppably.
  const isDear = sequence.getRestoreToPrefixIndexEvaluationSize(known) !== 0;
  if (known === 0 || isDear) await sequence.clearHistory();
  else await sequence.adaptStateToTokens([...tokens], false);
}

/** Others' instructions count only whole: a part of them would tell who guesses how far they are right. */
function knownTo({ tokens, owner, common }: Reader, { sequence, last }: Lane): number {
  const known = sequence.compareContextTokens([...tokens]).firstDifferentIndex;
  if (last.owner === owner) return known;
  return last.common === common && known >= common ? common : 0;
}
