/** How much, how often and how long: answers that are made in the background. */
export interface TurnLimits {
  /** Text goes to PostgreSQL in batches, this long after each other, milliseconds. */
  saveEveryMs: number;
  /** Between tries while PostgreSQL is away: first, and at most, milliseconds. */
  retryFirstMs: number;
  retryMaxMs: number;
  /** So long an answer waits in memory for PostgreSQL, to be stored or to go on, milliseconds (10 min). */
  keepUnsavedMs: number;
  /** New tries of one answer after its engine was lost, on one replica. */
  maxEngineTries: number;
  /** Between them: first, then doubled, milliseconds. */
  engineFirstMs: number;
  /** An adopted answer for which there is no room waits this long, milliseconds (5 min). */
  waitForRoomMs: number;
  /** Replicas that may take up one answer: it may be what kills them. */
  maxAttempts: number;
  /** Between looks for answers of dead replicas, milliseconds. */
  adoptEveryMs: number;
  /** Answers that one look takes over. */
  adoptAtOnce: number;
  /** Answers in the making of one process, waiting ones included. */
  maxLive: number;
  /** Characters of one answer; what comes after is not taken. */
  maxAnswerChars: number;
  /** How long answers may go on when the process ends, which itself has 28 s, milliseconds. */
  drainMs: number;
}

export const TURN_LIMITS: TurnLimits = {
  saveEveryMs: 100,
  retryFirstMs: 100,
  retryMaxMs: 2_000,
  keepUnsavedMs: 600_000,
  maxEngineTries: 4,
  engineFirstMs: 250,
  waitForRoomMs: 300_000,
  maxAttempts: 5,
  adoptEveryMs: 1_000,
  adoptAtOnce: 10,
  maxLive: 1_000,
  maxAnswerChars: 400_000,
  drainMs: 5_000,
};

/** Provider token. */
export const TURN_LIMITS_TOKEN = Symbol('TurnLimits');
