/** How many runs may be open at once, and when one who is refused finds room. */
import type { RunLoad, Store } from '../../activities/store/store.ports.js';
import { Busy } from '../platform/errors.js';
import { ComeBack } from '../platform/pace.js';

export interface RunLimits {
  /** Runs that wait for nothing but work, of all repositories. */
  busy: number;
  /** Runs that have not ended, those that wait for people among them. */
  open: number;
  /** The same of one repository: no stage's queue is longer. */
  openOfRepository: number;
}
export const RUN_LIMITS: RunLimits = { busy: 5_000, open: 20_000, openOfRepository: 12_000 };

/** A look at the record is good for this long, milliseconds; starts since then are added. */
const LOOK_MS = 1_000;
/** Repositories whose load is remembered. */
const MAX_LOOKS = 1_000;

interface Look {
  load: Promise<RunLoad>;
  at: number;
}

/**
 * Refuses starts, never runs: what was accepted stays. Of several processes each counts its own
 * starts of the last second, so that together they may pass a limit by as much as that.
 */
export class RunQueue {
  private readonly looks = new Map<string, Look>();
  /** Times of starts that the looks may not have seen. */
  private readonly admitted: { repository: string; at: number }[] = [];
  private readonly comeBack: ComeBack;

  constructor(
    private readonly store: { runs: Pick<Store['runs'], 'load'> },
    private readonly limits: RunLimits = RUN_LIMITS,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.comeBack = new ComeBack(clock);
  }

  /**
   * Takes a place for one more run.
   *
   * @throws {Busy} when there is none; nothing was begun. {StoreUnavailable}
   */
  async admit(repository: string): Promise<void> {
    const { load, at } = this.look(repository);
    const known = await load;
    const unseen = this.admitted.filter((start) => start.at >= at);
    const ours = unseen.filter((start) => start.repository === repository);
    const counted: RunLoad = {
      ...known,
      busy: known.busy + unseen.length,
      open: known.open + unseen.length,
      openOfRepository: known.openOfRepository + ours.length,
    };
    const excess = excessOf(counted, this.limits);
    if (excess) throw this.busy(repository, excess, known.endedPerSecond);
    this.admitted.push({ repository, at: this.clock() });
  }

  private busy(repository: string, { of, ahead }: Excess, perSecond: number): Busy {
    const seconds = this.comeBack.seconds({ ahead, perSecond });
    const what = {
      busy: `${this.limits.busy} runs wait for work already`,
      open: `${this.limits.open} runs are open already`,
      openOfRepository: `"${repository}" has ${this.limits.openOfRepository} open runs already`,
    }[of];
    const pace = `${Math.round(perSecond * 60)} runs ended in the last minute`;
    const help =
      of === 'busy'
        ? `Try again in ${seconds} s, or add workers; ${pace}.`
        : `Try again in ${seconds} s, or answer or cancel runs that wait; ${pace}.`;
    return new Busy(what, help, seconds);
  }

  private look(repository: string): Look {
    const now = this.clock();
    const known = this.looks.get(repository);
    if (known && now - known.at < LOOK_MS) return known;
    this.forgetOld(now);
    const look = { load: this.store.runs.load(repository), at: now };
    look.load.catch(() => this.looks.delete(repository)); // The next start asks again.
    this.looks.set(repository, look);
    return look;
  }

  private forgetOld(now: number): void {
    const firstNew = this.admitted.findIndex(({ at }) => now - at < 2 * LOOK_MS);
    this.admitted.splice(0, firstNew === -1 ? this.admitted.length : firstNew);
    if (this.looks.size < MAX_LOOKS) return;
    for (const [repository, { at }] of this.looks) {
      if (now - at >= LOOK_MS) this.looks.delete(repository);
    }
  }
}

interface Excess {
  of: keyof RunLimits;
  /** Runs that must end before there is room for one more. */
  ahead: number;
}

/** The limit that is passed furthest. */
function excessOf(load: RunLoad, limits: RunLimits): Excess | undefined {
  return (['busy', 'open', 'openOfRepository'] as const)
    .map((of): Excess => ({ of, ahead: load[of] - limits[of] + 1 }))
    .filter(({ ahead }) => ahead > 0)
    .sort((a, b) => b.ahead - a.ahead)[0];
}
