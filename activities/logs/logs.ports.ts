/** Where a step's words go. Never through workflow history. */
import type { Stream } from '../store/store.ports.js';

export interface StepLog {
  /** Takes text as it comes, whole lines or not; never blocks. Beyond MAX_LOG_BYTES text is counted,
   * not kept, and a last line says how much is missing. */
  write(stream: Stream, text: string): void;
  /** Resolves when everything written so far is stored. */
  flush(): Promise<void>;
}

export interface Logs {
  open(step: { runId: string; step: string; attempt: number }): StepLog;
}
