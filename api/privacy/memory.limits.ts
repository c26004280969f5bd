/** How long an erasure waits for others. */
export interface MemoryLimits {
  /** For each replica that lives to say that its memory forgot, milliseconds. */
  answerMs: number;
}

export const MEMORY_LIMITS: MemoryLimits = { answerMs: 5_000 };

/** Provider token. */
export const MEMORY_LIMITS_TOKEN = Symbol('MemoryLimits');
