/** Logs in memory, for tests. They fall behind on request. */
import type { Stream } from '../store/store.ports.js';
import type { Logs, StepLog } from './logs.ports.js';
import { HiddenText } from './mask.streams.js';

export interface FakeLine {
  step: string;
  attempt: number;
  stream: Stream;
  text: string;
}

export class FakeLogs implements Logs {
  readonly written: FakeLine[] = [];
  /** Set it to make every log say that the record is behind until it resolves. */
  hold: Promise<void> | undefined;
  private watchers: { text: string; resolve: () => void }[] = [];

  open({ step, attempt }: { runId: string; step: string; attempt: number }): StepLog {
    const texts = new HiddenText();
    const keep = (stream: Stream, text: string): void => {
      if (text === '') return;
      this.written.push({ step, attempt, stream, text });
      this.wake();
    };
    return {
      write: (stream, text) => keep(stream, texts.push(stream, text)),
      hide: (mask) => texts.hide(mask),
      behind: () => this.hold,
      flush: () => {
        for (const [stream, text] of texts.end()) keep(stream, text);
        return Promise.resolve();
      },
    };
  }

  /** All text of the streams, in the order it came; all streams when none is named. */
  text(...streams: Stream[]): string {
    return this.written
      .filter(({ stream }) => streams.length === 0 || streams.includes(stream))
      .map(({ text }) => text)
      .join('');
  }

  /** Resolves when the log holds `text`. */
  saying(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.watchers.push({ text, resolve });
      this.wake();
    });
  }

  private wake(): void {
    const said = this.text();
    for (const { text, resolve } of this.watchers) if (said.includes(text)) resolve();
  }
}
