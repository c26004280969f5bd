/** What was answered or fetched lately. `activities/cache` keeps it in memory, and in Redis where configured. */

/** Provider tokens. */
export const NEWS_CACHE = Symbol('NewsCache');
export const ANSWER_CACHE = Symbol('AnswerCache');

export interface CacheStats {
  hits: number;
  /** Of those, from the second level. */
  secondHits: number;
  misses: number;
  evictions: number;
  /** Asked for while another one made the same. */
  shared: number;
  entries: number;
  second: 'off' | 'up' | 'down';
  /** Of the second level; absent without one. */
  breaker?: 'closed' | 'open' | 'half-open';
}

export interface Cache {
  /**
   * The value of `key`, made once when it is absent, however many ask at once. Values are JSON.
   * A second level that is down counts as a miss, and is never waited for longer than 100 ms.
   *
   * @param tags a value goes when one of its tags is forgotten: `user:<login>`.
   */
  through<T>(
    key: string,
    make: () => Promise<{ value: T; keep: boolean }>,
    tags?: readonly string[],
  ): Promise<{ value: T; from: 'memory' | 'second' | 'made' }>;
  /**
   * Here, and on the second level with the memory of every replica that hears it. Replicas without a
   * second level are told by `api/privacy`. How many went here and there.
   *
   * @throws when the second level is down: gone from here, and maybe not from there.
   */
  forget(tag: string): Promise<number>;
  /** From the memory of this process only. Without a tag: everything that has one. How many went. */
  forgetHere(tag?: string): number;
  stats(): CacheStats;
}
