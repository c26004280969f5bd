/** What serves one name: its champion, and the challenger that gets a share of the requests. */
import { createHash } from 'node:crypto';
import type { Route } from './route.js';

export interface Pair {
  champion: Route;
  challenger: Route | undefined;
  /** While one model makes room for the next: requests wait for it. */
  held?: Promise<void>;
}

export function routesOf({ champion, challenger }: Pair): Route[] {
  return challenger ? [champion, challenger] : [champion];
}

/** Those that can answer; all of them where none can. */
export function usableOf({ champion, challenger }: Pair): [Route, ...Route[]] {
  if (!challenger) return [champion];
  if (champion.hasFailed === challenger.hasFailed) return [champion, challenger];
  return champion.hasFailed ? [challenger] : [champion];
}

/**
 * The same `key` always goes the same way while the share stays, also on other replicas. A share whose
 * engine has failed is answered by the other one until it is back.
 */
export function pickFor(key: string, { champion, challenger }: Pair): Route {
  if (!challenger) return champion;
  const percent = createHash('sha256').update(key).digest().readUInt32BE() % 100;
  const isChallengers = percent < challenger.serving.share;
  const [its, other] = isChallengers ? [challenger, champion] : [champion, challenger];
  return its.hasFailed && !other.hasFailed ? other : its;
}
