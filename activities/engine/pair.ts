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

/** The same `key` always goes the same way while the share stays, also on other replicas. */
export function pickFor(key: string, { champion, challenger }: Pair): Route {
  if (!challenger) return champion;
  const percent = createHash('sha256').update(key).digest().readUInt32BE() % 100;
  return percent < challenger.serving.share ? challenger : champion;
}
