/** What checking needs from outside: where a stage is, and time. */

export interface Stages {
  /** The stage's stable address, like `http://127.0.0.1:4711`; null while it has none. */
  url(repository: string, stage: string): Promise<string | null>;
}

export interface Clock {
  /** Milliseconds since any fixed moment. */
  now(): number;
  /** Rejects when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}
