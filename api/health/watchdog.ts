/**
 * Whether this process is stuck. An event loop that stands still answers nobody, and needs no watchdog; what
 * needs one is a process that answers while its threads hang, so that no file and no name is found any more.
 */
import { stat } from 'node:fs/promises';

/** Ticks, one a second, that one look at a file may take. */
const STUCK_AFTER_TICKS = 30;
const TICK_MS = 1_000;

export class Watchdog {
  /** Ticks since the look that is not done was begun; undefined: none is. */
  private waiting: number | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param look needs a thread of the pool, and nothing that may be away. */
  constructor(private readonly look: () => Promise<unknown> = () => stat('/')) {}

  start(): void {
    this.timer ??= setInterval(() => this.tick(), TICK_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Ticks are counted, not time: a process that was stopped, or had too much to do, is not stuck. */
  tick(): void {
    if (this.waiting !== undefined) {
      this.waiting++;
      return;
    }
    this.waiting = 0;
    const done = () => {
      this.waiting = undefined;
    };
    this.look().then(done, done);
  }

  isStuck(): boolean {
    return (this.waiting ?? 0) >= STUCK_AFTER_TICKS;
  }
}
