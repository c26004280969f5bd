/** What a stage is said to be: pure, from what is wanted, what serves, and what went wrong. */
import type { Report } from './reporter.js';
import type { Wanted } from './wanted.js';

/** So many unhealthy looks in a row are needed, because one may be the machine's fault. */
const UNHEALTHY_LOOKS = 2;
/** Ends in a row after which the stage is called degraded. */
const DEGRADED_AFTER = 3;
const FIRST_BACKOFF_MS = 2_000;
const MAX_BACKOFF_MS = 60_000;

/** Why the wanted release does not serve, and how often in a row that was so. */
export interface Failure {
  count: number;
  /** Continues the sentence "release 1a2b3c4 …". Empty when nothing went wrong. */
  reason: string;
  /** The release did not even start: no is the answer, whatever later tries bring. */
  isFatal: boolean;
  /** The machine ran out of something: that is no answer about the release. */
  isMachines: boolean;
  /** Not before this the next start. Milliseconds of the monotonic clock. */
  retryAt: number;
}

export const NO_FAILURE: Failure = {
  count: 0,
  reason: '',
  isFatal: false,
  isMachines: false,
  retryAt: 0,
};

/** The instance that gets the traffic, as the last looks found it. */
export interface Seen {
  digest: string;
  commit: string;
  /** Unhealthy looks in a row, and what the last one said. */
  objections: number;
  objection: string | undefined;
}

export const short = (name: string): string => name.replace('sha256:', '').slice(0, 7);

/**
 * One more failure: the first end of what was good is repaired at once, all others wait longer. Those
 * of the machine do not count, and are tried again soon.
 */
export function failedAgain(
  before: Failure,
  failed: { reason: string; isFatal: boolean; isMachines?: boolean; now: number },
): Failure {
  const { reason, isFatal, isMachines = false, now } = failed;
  if (isMachines) {
    const { count } = before;
    return { count, reason, isFatal: false, isMachines, retryAt: now + FIRST_BACKOFF_MS };
  }
  const count = before.count + 1;
  const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** Math.max(0, count - 2), MAX_BACKOFF_MS);
  const pauseMs = count === 1 && !isFatal ? 0 : backoffMs;
  return { count, reason, isFatal, isMachines, retryAt: now + pauseMs };
}

export function verdictOn(
  { release, problem }: Wanted,
  seen: Seen | undefined,
  failure: Failure,
): Pick<Report, 'health' | 'message'> {
  const still = seen ? `; ${short(seen.commit)} still serves` : '';
  if (problem) return { health: 'degraded', message: `${problem}${still}` };
  if (!release) return { health: 'absent', message: 'nothing is deployed' };
  if (seen?.digest !== release.digest) {
    const what = failure.reason ? `release ${short(release.digest)} ${failure.reason}` : '';
    const isNo = failure.isFatal || failure.count >= DEGRADED_AFTER;
    if (isNo && !failure.isMachines) {
      return { health: 'degraded', message: `${what}${still}` };
    }
    const again = what ? `${what}; ` : '';
    return { health: 'progressing', message: `${again}starting ${short(release.commit)}${still}` };
  }
  if (seen.objections >= UNHEALTHY_LOOKS) {
    return { health: 'degraded', message: seen.objection ?? '' };
  }
  return { health: 'healthy', message: `serves ${short(release.commit)}` };
}
