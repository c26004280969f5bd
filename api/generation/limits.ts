/** What is written nowhere else about waiting for answers; sizes of queue and budgets are configuration. */

export interface GenerationLimits {
  /** Predicted waits for a first token above this are refused, seconds. */
  firstTokenSeconds: number;
  /** Longest wait in the line, whatever was predicted, seconds. */
  queuedSeconds: number;
  /** A model that says nothing for this long is lost, seconds. */
  silenceSeconds: number;
  /** Answers in flight get this long when the process is to end, seconds. */
  drainSeconds: number;
}

export const GENERATION_LIMITS: GenerationLimits = {
  firstTokenSeconds: 30,
  queuedSeconds: 60,
  silenceSeconds: 300,
  drainSeconds: 20,
};

/** Tries of one answer, of which nothing was delivered yet. */
export const MAX_TRIES = 2;
/** Pieces that wait for a slow reader; with more, the model waits too. */
export const MAX_UNREAD_PIECES = 16_384;
/** Of one look at what is in flight. */
export const MAX_LISTED = 200;
/** What a prompt is taken for until the model has counted it, characters. */
export const CHARS_PER_TOKEN = 4;
/** Told to those who come while the process ends: another one takes over, seconds. */
export const DRAINING_RETRY_SECONDS = 2;
