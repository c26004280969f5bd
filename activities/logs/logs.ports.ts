/** Where a step's words go. Never through workflow history. */
import type { Stream } from '../store/store.ports.js';
import type { Mask } from './mask.js';

export interface StepLog {
  /**
   * Takes text as it comes, whole lines or not, or bytes of UTF-8, whole characters or not; never
   * blocks. Beyond MAX_LOG_BYTES text is counted, not kept, and a line says so.
   */
  write(stream: Stream, text: string | Uint8Array): void;

  /**
   * From now on what this mask hides is in no stream of the log. Call it before there is anything to
   * hide; once. A few characters of text then wait while they may be the beginning of a secret.
   */
  hide(mask: Mask): void;

  /** Undefined while the record keeps up; else resolves when it has: stop reading until then. */
  behind(): Promise<void> | undefined;

  /**
   * Hands everything over at once, and resolves when it is stored; never rejects. Changes that are
   * written to the record after this call come after the log's text, awaited or not.
   */
  flush(): Promise<void>;
}

export interface Logs {
  open(step: { runId: string; step: string; attempt: number }): StepLog;
}
