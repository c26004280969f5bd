/** When there will be room again, by how fast room was made lately: what `Retry-After` says. */

/** The time over which departures are counted, milliseconds. */
const WINDOW_MS = 60_000;
/** Departures that are remembered; of more, the latest. */
const MAX_DEPARTURES = 1_000;
/** Said when nothing went on lately, and at most, seconds. */
const UNKNOWN_SECONDS = 60;
const MAX_SECONDS = 600;

type Clock = () => number;
const monotonic: Clock = () => performance.now();

/** Counts what leaves a full place. */
export class Departures {
  private readonly times: number[] = [];
  private readonly since: number;

  /** @param clock Milliseconds that never go back. */
  constructor(private readonly clock: Clock = monotonic) {
    this.since = clock();
  }

  left(): void {
    this.times.push(this.clock());
    if (this.times.length > MAX_DEPARTURES) this.times.shift();
  }

  /** Over the last minute, or for as long as we count. */
  perSecond(): number {
    const now = this.clock();
    while ((this.times[0] ?? now) < now - WINDOW_MS) this.times.shift();
    const isCut = this.times.length === MAX_DEPARTURES;
    const from = isCut ? (this.times[0] ?? now) : Math.max(this.since, now - WINDOW_MS);
    return this.times.length / Math.max((now - from) / 1_000, 1);
  }
}

/** Gives those who are refused times to come back at, one after the other: all at once would be refused. */
export class ComeBack {
  private lastAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly clock: Clock = monotonic) {}

  /**
   * Whole seconds, 1 to 600.
   *
   * @param ahead How many must leave before there is room for one more.
   * @param perSecond How many leave a second.
   */
  seconds({ ahead, perSecond }: { ahead: number; perSecond: number }): number {
    if (perSecond <= 0) return UNKNOWN_SECONDS;
    const now = this.clock();
    const latest = now + MAX_SECONDS * 1_000;
    const room = now + (ahead / perSecond) * 1_000;
    this.lastAt = Math.min(Math.max(this.lastAt + 1_000 / perSecond, room), latest);
    return Math.max(1, Math.ceil((this.lastAt - now) / 1_000));
  }
}
