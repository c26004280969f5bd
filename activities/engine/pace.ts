/** How fast answers are made, measured on real ones: what admission predicts with. */
import type { Pace } from './engine.protocol.js';

/** How much the last answer counts against those before. */
const WEIGHT = 0.2;
/** Fewer tokens say nothing about speed. */
const MIN_TOKENS = 8;

export class PaceMeter {
  prefillPerSecond: number | undefined;
  decodePerSecond: number | undefined;
  answerTokens: number | undefined;
  private readonly left = new Map<object, number>();

  /** Prompt tokens that answers which have begun still have to be read. */
  get prefillTokens(): number {
    return [...this.left.values()].reduce((sum, each) => sum + each, 0);
  }

  reading(answer: object, left: number): void {
    if (left > 0) this.left.set(answer, left);
    else this.left.delete(answer);
  }

  ended(answer: object, pace: Pace | undefined): void {
    this.left.delete(answer);
    if (pace === undefined) return;
    const { prefillTokens, prefillMs, decodeTokens, decodeMs } = pace;
    this.prefillPerSecond = mixed(this.prefillPerSecond, perSecond(prefillTokens, prefillMs));
    this.decodePerSecond = mixed(this.decodePerSecond, perSecond(decodeTokens, decodeMs));
    if (decodeTokens > 0) this.answerTokens = mixed(this.answerTokens, decodeTokens);
  }
}

function perSecond(tokens: number, ms: number): number | undefined {
  return tokens < MIN_TOKENS || ms <= 0 ? undefined : (tokens * 1_000) / ms;
}

function mixed(before: number | undefined, now: number | undefined): number | undefined {
  if (before === undefined || now === undefined) return now ?? before;
  return before + (now - before) * WEIGHT;
}
