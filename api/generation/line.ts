/** Who is next: pure, so that fairness can be proved. */

export interface Waiting {
  login: string;
}

/** Answers that are being made, by login. */
export type Running = ReadonlyMap<string, number>;

/** The user with the fewest in flight, then whoever waits longest; `waiting` is in order of arrival. */
export function next<T extends Waiting>(waiting: Iterable<T>, running: Running): T | undefined {
  let [best, fewest] = [undefined as T | undefined, Number.POSITIVE_INFINITY];
  for (const one of waiting) {
    const count = running.get(one.login) ?? 0;
    if (count < fewest) [best, fewest] = [one, count];
  }
  return best;
}

/** How many of those who wait would be begun before one more of this user. */
export function ahead(waiting: Iterable<Waiting>, running: Running, login: string): number {
  const counts = countsOf(waiting);
  const own = counts.get(login) ?? 0;
  const level = (running.get(login) ?? 0) + own;
  let before = own;
  for (const [other, count] of counts) {
    if (other === login) continue;
    const until = level - (running.get(other) ?? 0) + 1;
    before += Math.min(count, Math.max(0, until));
  }
  return before;
}

/**
 * Who leaves a full line for one more of this user: the newest of the user with the most waiting.
 * Undefined where that would only turn things round.
 */
export function displaced<T extends Waiting>(waiting: Iterable<T>, login: string): T | undefined {
  const all = [...waiting];
  const counts = countsOf(all);
  const most = Math.max(0, ...counts.values());
  if (most < (counts.get(login) ?? 0) + 2) return undefined;
  return all.findLast((one) => counts.get(one.login) === most);
}

function countsOf(waiting: Iterable<Waiting>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { login } of waiting) counts.set(login, (counts.get(login) ?? 0) + 1);
  return counts;
}
