/**
 * Cells, used again: a step has one for itself, and the next step gets it once nothing runs in it.
 *
 * Measured: making a cell takes 30 ms, handing one on takes none. A step leaves nothing in it: it may
 * not change the network (it has no rights there), and what it started is gone with its processes.
 */
import type { Network } from '../build.ports.js';
import type { Cell } from './cell.js';

/** Cells that wait for a step, of each network; 2.3 MB each. */
const MAX_IDLE = 16;
/** Cells being made at once, of each network: more would only take the time of the steps that run. */
const MAX_MAKING = 4;
/** After this long without a step all but one are ended, milliseconds. */
const IDLE_LIMIT_MS = 60_000;

export class Cells {
  private readonly idle: Record<Network, Cell[]> = { default: [], none: [] };
  private readonly waiting: Record<Network, PromiseWithResolvers<Cell>[]> = {
    default: [],
    none: [],
  };
  private readonly making: Record<Network, number> = { default: 0, none: 0 };
  private readonly makings = new Set<Promise<unknown>>();
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly make: (network: Network) => Promise<Cell>) {}

  /** A cell for one step alone: one that another step has left, or a new one, whatever comes first. */
  take(network: Network): Promise<Cell> {
    const known = this.idle[network].pop();
    const wish = Promise.withResolvers<Cell>();
    if (known) wish.resolve(known);
    else this.waiting[network].push(wish);
    this.makeMore(network);
    return wish.promise;
  }

  /** @param cell in which no process of the step is left. */
  giveBack(cell: Cell): void {
    const idle = this.idle[cell.network];
    const isOfUse = !this.isClosed && !cell.isGone;
    const wish = isOfUse ? this.waiting[cell.network].shift() : undefined;
    if (wish) {
      wish.resolve(cell);
    } else if (!isOfUse || idle.length >= MAX_IDLE) {
      cell.end();
    } else {
      this.keep(cell);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.shrink(), IDLE_LIMIT_MS).unref();
    }
  }

  /** Resolves when no process of an idle cell is left. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    for (const wish of [...this.waiting.default.splice(0), ...this.waiting.none.splice(0)]) {
      wish.reject(new Error('the worker stops: no step is started any more'));
    }
    await Promise.allSettled(this.makings);
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

  /** As many as wait for one, and with a network one ahead of need; few at once. */
  private makeMore(network: Network): void {
    const isAhead = network === 'default' && this.idle.default.length === 0;
    const wanted = this.waiting[network].length + (isAhead ? 1 : 0);
    if (this.isClosed || this.making[network] >= Math.min(wanted, MAX_MAKING)) return;
    this.making[network]++;
    const making = this.make(network)
      .then(
        (cell) => this.giveBack(cell),
        (error: unknown) => this.waiting[network].shift()?.reject(error),
      )
      .finally(() => {
        this.makings.delete(making);
        this.making[network]--;
        if (this.waiting[network].length > 0) this.makeMore(network);
      });
    this.makings.add(making);
    this.makeMore(network);
  }

  private shrink(): void {
    void this.endAll([...this.idle.default.slice(1), ...this.idle.none]);
  }

  private async endAll(cells: Cell[]): Promise<void> {
    for (const cell of cells) cell.end();
    await Promise.all(cells.map(({ gone }) => gone));
  }
}
