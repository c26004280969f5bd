/** The levels of a cache. A level knows ids and texts: what they mean, `cache.ts` knows. */

import type { BreakerState } from '../platform/resilience.js';

/** What one level keeps under an id. */
export interface Kept {
  /** JSON. */
  text: string;
  /** Ids of the tags with which it goes. */
  tags: readonly string[];
}

/** Of a tag: how often it was forgotten. What was begun before the last time must not be kept. */
export type Versions = readonly string[];

export interface Known {
  /** Undefined: nothing is kept. `ttlMs`: how long it still is. */
  kept: { text: string; ttlMs: number } | undefined;
  /** Undefined: nothing may be kept now. */
  versions: Versions | undefined;
}

/** Shared by all replicas. No method but `forget` and `close` takes longer than 100 ms. */
export interface SecondLevel {
  /** What is kept under `id`, if anybody could be asked. */
  get(id: string, tags: readonly string[]): Promise<Known>;
  /** Keeps it unless one of its tags was forgotten since `versions`. Never throws. */
  set(id: string, kept: Kept, versions: Versions): Promise<void>;
  /**
   * Here, and in the memory of every replica that is connected; the others forget everything when they
   * connect again. The ids that went. Repeatable.
   *
   * @throws {CacheUnavailable} nothing may have been forgotten: ask again.
   */
  forget(tag: string): Promise<string[]>;
  /** `tag` undefined: something may have been missed, nothing in memory can be relied on. */
  onForget(forgotten: (tag: string | undefined) => void): void;
  state(): 'up' | 'down';
  /** Open: it is not asked for a while, because it did not answer. */
  breaker(): BreakerState;
  close(): Promise<void>;
}
