/** Tells other replicas what users asked here, and hears of theirs: about once a second, while there is news. */
import type { UsageStore } from '../../activities/store/chat.ports.js';
import { StoreUnavailable } from '../../activities/store/errors.js';
import type { Log } from '../platform/log.js';
import type { Budgets } from './budgets.js';

const EXCHANGE_MS = 1_000;
/** Sums are kept for this long, and looked through this often. Milliseconds. */
const KEPT_MS = 24 * 3_600_000;
const FORGET_EVERY_MS = 600_000;

export class Exchange {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isAway = false;
  private forgottenAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly budgets: Budgets,
    private readonly usage: () => UsageStore,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running ??= this.once().finally(() => {
        this.running = undefined;
      });
    }, EXCHANGE_MS).unref();
  }

  /** Ends with a last exchange: what was used here is not lost. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
    await this.once();
  }

  /** Never throws: while PostgreSQL is away each replica goes on counting for itself. */
  async once(): Promise<void> {
    try {
      for (const report of this.budgets.reports()) {
        this.budgets.learn(report, await this.usage().add(report.startsAt, report.used));
      }
      await this.forget();
      this.isAway = false;
    } catch (error) {
      // Reported again next time. A statement whose answer was lost counts twice, for its minute only.
      if (!(error instanceof StoreUnavailable)) {
        this.log.error({ err: error }, 'budgets could not be exchanged');
      } else if (!this.isAway) {
        this.isAway = true;
        this.log.warn({ detail: error.message }, 'budgets are counted by each replica for itself');
      }
    }
  }

  private async forget(): Promise<void> {
    const now = Date.now();
    if (now - this.forgottenAt < FORGET_EVERY_MS) return;
    await this.usage().forget(new Date(now - KEPT_MS));
    this.forgottenAt = now;
  }
}
