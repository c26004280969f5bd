/** Hands values from one who makes them to one who reads them, each at their own pace. */

export class Pipe<T> implements AsyncIterable<T> {
  private readonly values: T[] = [];
  private state: 'open' | 'ended' | { error: unknown } = 'open';
  private wake: (() => void) | undefined;
  private room: (() => void) | undefined;
  private isTaken = false;

  /**
   * @param maxUnread values that are kept for the reader.
   * @param onLeave the reader stopped before the end.
   */
  constructor(
    private maxUnread: number,
    private readonly onLeave: () => void,
  ) {}

  /** Undefined when there is room for the next one, else when there will be. */
  push(value: T): Promise<void> | undefined {
    if (this.state !== 'open') return undefined;
    this.values.push(value);
    this.wake?.();
    if (this.values.length < this.maxUnread) return undefined;
    return new Promise<void>((resolve) => {
      this.room = resolve;
    });
  }

  /** Takes the rest whether it is read or not. */
  hurry(): void {
    this.maxUnread = Number.POSITIVE_INFINITY;
    this.room?.();
  }

  end(): void {
    if (this.state === 'open') this.state = 'ended';
    this.wake?.();
  }

  /** What was pushed is still read; then the reader is thrown this. */
  fail(error: unknown): void {
    if (this.state === 'open') this.state = { error };
    this.wake?.();
  }

  /** @throws {Error} the second time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    if (this.isTaken) throw new Error('an answer can be read once');
    this.isTaken = true;
    try {
      for (;;) {
        const value = this.values.shift();
        if (value !== undefined) {
          if (this.values.length < this.maxUnread) this.room?.();
          yield value;
        } else if (this.state === 'open') {
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
        } else if (this.state === 'ended') return;
        else throw this.state.error;
      }
    } finally {
      this.left();
    }
  }

  private left(): void {
    this.room?.();
    if (this.state !== 'open') return;
    this.state = 'ended';
    this.onLeave();
  }
}
