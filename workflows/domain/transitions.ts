/**
 * The table of arrows between statuses. It stands beside run.ts because workflows need it without
 * zod: every workflow loads its modules anew, and building the schemas takes as long as a short run.
 */
import type { Status } from './run.js';

const FINAL_OF_RUN = [
  'succeeded',
  'failed',
  'rolledBack',
  'errored',
  'cancelled',
  'superseded',
] as const;

/** The table of arrows between statuses of a run. */
const NEXT: Record<Status, readonly Status[]> = {
  pending: ['running', 'waiting', ...FINAL_OF_RUN],
  running: ['waiting', ...FINAL_OF_RUN],
  waiting: ['running', ...FINAL_OF_RUN],
  succeeded: [],
  failed: [],
  rolledBack: [],
  errored: [],
  cancelled: [],
  skipped: [],
  superseded: [],
};

export function isFinal(status: Status): boolean {
  return NEXT[status].length === 0;
}

/**
 * Moves a run to its next status; staying is no move.
 *
 * @throws {IllegalTransition} when the table has no arrow: a bug of the caller, never of a user.
 */
export function advance(from: Status, to: Status): Status {
  if (from !== to && !NEXT[from].includes(to)) throw new IllegalTransition(from, to);
  return to;
}

export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';
  constructor(from: Status, to: Status) {
    const allowed = NEXT[from].join(', ') || 'none, it is final';
    super(`run cannot go from "${from}" to "${to}"; allowed next: ${allowed}`);
  }
}
