/** How fast another server answers, measured on its last answers. */
import type { Usage } from '../../workflows/domain/chat.js';

/** Of the newest answer in the mean. */
const WEIGHT = 0.2;
/** Shorter ones say little about speed. Tokens. */
const MIN_TOKENS = 8;

export class Pace {
  prefillPerSecond: number | undefined;
  decodePerSecond: number | undefined;
  answerTokens: number | undefined;

  /** @param firstMs until the first piece; `totalMs` until the last one. */
  note(
    { promptTokens, cachedTokens, completionTokens }: Usage,
    firstMs: number,
    totalMs: number,
  ): void {
    this.prefillPerSecond = mean(
      this.prefillPerSecond,
      speed(promptTokens - cachedTokens, firstMs),
    );
    this.decodePerSecond = mean(this.decodePerSecond, speed(completionTokens, totalMs - firstMs));
    this.answerTokens = mean(this.answerTokens, completionTokens || undefined);
  }
}

function speed(tokens: number, ms: number): number | undefined {
  return tokens < MIN_TOKENS || ms <= 0 ? undefined : (tokens * 1_000) / ms;
}

function mean(before: number | undefined, now: number | undefined): number | undefined {
  if (before === undefined || now === undefined) return now ?? before;
  return before + (now - before) * WEIGHT;
}
