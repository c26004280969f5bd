/** When an answer would begin, by what was measured: pure. */
import type { ModelLoad } from '../chat/model.ports.js';

export interface Outlook {
  load: ModelLoad;
  /** Answers that are being made. */
  running: number;
  /** Who would be begun before. */
  ahead: number;
  /** Of all who wait. Tokens. */
  promptTokensAhead: number;
  /** Its own. Tokens. */
  promptTokens: number;
}

export interface Forecast {
  /** From now to the first token. Seconds. */
  firstTokenSeconds: number;
  /** The same if nobody else was there. Seconds. */
  aloneSeconds: number;
}

/** Undefined while too little was measured. */
export function forecast(outlook: Outlook): Forecast | undefined {
  const { load, running, ahead, promptTokensAhead, promptTokens } = outlook;
  const { slots, prefillTokens, prefillPerSecond } = load;
  if (!prefillPerSecond) return undefined;
  const aloneSeconds = promptTokens / prefillPerSecond;
  const mustLeave = Math.max(0, ahead + 1 - Math.max(0, slots - running));
  if (mustLeave === 0) {
    return {
      firstTokenSeconds: (prefillTokens + promptTokensAhead + promptTokens) / prefillPerSecond,
      aloneSeconds,
    };
  }
  const perSecond = leavingPerSecond(load);
  if (perSecond === 0) return undefined;
  const readBefore = (prefillTokens + promptTokensAhead) / prefillPerSecond;
  return {
    firstTokenSeconds: mustLeave / perSecond + readBefore + aloneSeconds,
    aloneSeconds,
  };
}

/** Answers that end in a second when all slots are busy; 0 while that was not measured. */
export function leavingPerSecond({ slots, decodePerSecond, answerTokens }: ModelLoad): number {
  if (!decodePerSecond || !answerTokens) return 0;
  return (Math.max(1, slots) * decodePerSecond) / answerTokens;
}
