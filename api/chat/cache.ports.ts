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
  /** On every level and replica. How many went here. */
  forget(tag: string): Promise<number>;
  stats(): CacheStats;
}
