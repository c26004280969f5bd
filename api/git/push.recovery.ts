/**
 * Settles pushes that were kept and never settled: the API died between Git's two hooks, or Temporal was
 * away when the run should have started. What Git carried out gets its run; the rest is dropped.
 */

import { wordsOf } from '../../activities/platform/errors.js';
import type { PushRow, Store } from '../../activities/store/store.ports.js';
import type { Log } from '../platform/log.js';
import type { BareRepositories } from './bare.repositories.js';
import { type PushRuns, preparedOf } from './push.runs.js';

export interface RecoveryLimits {
  /** Between two looks at what is not settled. */
  everyMs: number;
  /** A push that Git did not carry out for this long is dropped: no git process is that slow. */
  giveUpMs: number;
}
export const RECOVERY_LIMITS: RecoveryLimits = { everyMs: 2_000, giveUpMs: 60_000 };

export interface RecoveryParts {
  repositories: BareRepositories;
  store: Pick<Store, 'repositories'>;
  runs: PushRuns;
  log: Log;
}

export class PushRecovery {
  /** Pushes that live sessions will settle, and how many hold each: the same push may come twice. */
  private readonly inHand = new Map<string, number>();
  private readonly firstSeen = new Map<string, number>();
  private looking: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly parts: RecoveryParts,
    private readonly limits: RecoveryLimits = RECOVERY_LIMITS,
  ) {}

  hold(rowId: string): void {
    this.inHand.set(rowId, (this.inHand.get(rowId) ?? 0) + 1);
  }

  /** Whether nobody else holds it. */
  release(rowId: string): boolean {
    const left = (this.inHand.get(rowId) ?? 1) - 1;
    if (left > 0) this.inHand.set(rowId, left);
    else this.inHand.delete(rowId);
    return left <= 0;
  }

  /** Settles all that can be settled now, and goes on until nothing is left. Repeatable. */
  recoverPushes(): Promise<void> {
    this.looking ??= this.look().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  /**
   * Launches what Git carried out.
   *
   * @param isOver nothing can carry it out any more: what did not happen is dropped.
   * @returns false while it is not known.
   * @throws {StoreUnavailable} {TemporalUnavailable} Call it again.
   */
  async settle(row: PushRow, isOver: boolean): Promise<boolean> {
    const { repositories, store, runs } = this.parts;
    if (await repositories.carriedOut(row.repository, row, row.createdAt)) {
      await runs.launch(preparedOf(row));
      await store.repositories.settlePush(row.id, 'accepted');
      return true;
    }
    if (isOver) await store.repositories.settlePush(row.id, 'dropped');
    return isOver;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private async look(): Promise<void> {
    clearTimeout(this.timer);
    if (this.stopped || (await this.settleAll())) return;
    this.timer = setTimeout(() => void this.recoverPushes(), this.limits.everyMs);
    this.timer.unref();
  }

  /** Whether nothing is left. Errors are tried again: an accepted push waits for as long as it takes. */
  private async settleAll(): Promise<boolean> {
    try {
      const rows = await this.parts.store.repositories.unsettledPushes();
      const ours = rows.filter(({ id }) => !this.inHand.has(id));
      const settled = await Promise.all(ours.map((row) => this.tryToSettle(row)));
      return settled.every(Boolean);
    } catch (error) {
      this.parts.log.warn(
        { detail: wordsOf(error) },
        'unsettled pushes cannot be read; again soon',
      );
      return false;
    }
  }

  private async tryToSettle(row: PushRow): Promise<boolean> {
    const seen = this.firstSeen.get(row.id) ?? performance.now();
    this.firstSeen.set(row.id, seen);
    try {
      const isSettled = await this.settle(row, performance.now() - seen >= this.limits.giveUpMs);
      if (isSettled) this.firstSeen.delete(row.id);
      return isSettled;
    } catch (error) {
      const { id, repository, ref } = row;
      const detail = wordsOf(error);
      this.parts.log.warn({ push: id, repository, ref, detail }, 'a push waits for its run');
      return false;
    }
  }
}
