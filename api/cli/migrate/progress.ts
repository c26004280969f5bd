/** A bar in a terminal; elsewhere a line for each tenth. */
import type { Context } from '../io.js';

const WIDTH = 30;

export class Progress {
  private done = 0;
  private tenths = 0;

  constructor(
    private readonly context: Context,
    private readonly what: string,
    private readonly all: number,
  ) {}

  step(): void {
    this.done++;
    const { io, json } = this.context;
    const isLast = this.done === this.all;
    if (io.terminal && !json) {
      const full = Math.floor((this.done / this.all) * WIDTH);
      const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full);
      io.terminal.write(`\r${this.what} ${bar} ${this.done}/${this.all}${isLast ? '\n' : ''}`);
      return;
    }
    const tenths = Math.floor((this.done / this.all) * 10);
    if (tenths > this.tenths) io.err(`${this.what}: ${this.done} of ${this.all}`);
    this.tenths = tenths;
  }
}
