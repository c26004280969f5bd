/** What retention is started with, and what it found. The worker's schedule starts it once a day. */

/** The schedule's id, and the beginning of the workflow ids that it makes. */
export const RETENTION = 'retention';

/** By what a conversation is kept as: `default`, `year`, `legal`. */
export interface Ages {
  default: number;
  year: number;
  legal: number;
}

export interface Input {
  /** After so many days without a change a thing of that class goes. */
  days: Ages;
  /** Carried into a new history: the moment that ages count from, what went so far, and how often. */
  carried?: { at: string; deleted: Record<string, number>; histories: number };
}

export interface Outcome {
  /** By kind. */
  deleted: Record<string, number>;
  /** False when there was more than one run may delete: the next one goes on. */
  isComplete: boolean;
}
