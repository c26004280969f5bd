/**
 * Cells, used again: a step has one for itself, and the next step gets it once nothing runs in it.
 *
 * Measured: making a cell takes 30 ms, handing one on takes none. A step leaves nothing in it: it may
 * not change the network (it has no rights there), and what it started is gone with its processes.
 */
import type { Network } from '../build.ports.js';
import type { Cell } from './cell.js';

/** Cells that wait for a step, of each network; 2.3 MB each. */
const MAX_IDLE = 8;
/** After this long without a step all but one are ended, milliseconds. */
const IDLE_LIMIT_MS = 60_000;

export class Cells {
  private readonly idle: Record<Network, Cell[]> = { default: [], none: [] };
  /** Being made ahead of need. */
  private ahead: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly make: (network: Network) => Promise<Cell>) {}

  /** A cell for one step alone. There are as many as steps run at once. */
  async take(network: Network): Promise<Cell> {
    const known = this.idle[network].pop();
    if (network === 'default' && this.idle.default.length === 0) this.makeAhead();
    return known ?? (await this.make(network));
  }

  /** @param cell in which no process of the step is left. */
  giveBack(cell: Cell): void {
    const idle = this.idle[cell.network];
    if (this.isClosed || cell.isGone || idle.length >= MAX_IDLE) {
      cell.end();
      return;
    }
    this.keep(cell);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.shrink(), IDLE_LIMIT_MS).unref();
  }

  /** Resolves when no process of an idle cell is left. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    await this.ahead;
    await this.endAll([...this.idle.default, ...this.idle.none]);
  }

  private keep(cell: Cell): void {
    const idle = this.idle[cell.network];
    idle.push(cell);
    void cell.gone.then(() => {
      const at = idle.indexOf(cell);
      if (at !== -1) idle.splice(at, 1);
    });
  }

  /** One at a time: whoever needs more in that moment makes them. A failure is met by the next step. */
  private makeAhead(): void {
    this.ahead ??= this.make('default')
      .then(
        (cell) => this.keep(cell),
        () => {},
      )
      .finally(() => {
        this.ahead = undefined;
      });
  }

  private shrink(): void {
    void this.endAll([...this.idle.default.slice(1), ...this.idle.none]);
  }

  private async endAll(cells: Cell[]): Promise<void> {
    for (const cell of cells) cell.end();
    await Promise.all(cells.map(({ gone }) => gone));
  }
}
