/** A cache that forgets nothing by itself: what is made for a key is made once. */
import type { Cache, CacheStats } from './cache.ports.js';

export class FakeCache implements Cache {
  readonly kept = new Map<string, { value: unknown; tags: readonly string[] }>();
  /** Of a second level, which it plays to have where this is set. */
  breaker: CacheStats['breaker'] | undefined;
  private readonly making = new Map<string, Promise<{ value: unknown; keep: boolean }>>();
  private readonly counts = { hits: 0, misses: 0, shared: 0 };

  async through<T>(
    key: string,
    make: () => Promise<{ value: T; keep: boolean }>,
    tags: readonly string[] = [],
  ): Promise<{ value: T; from: 'memory' | 'made' }> {
    const known = this.kept.get(key);
    if (known) {
      this.counts.hits++;
      return { value: known.value as T, from: 'memory' };
    }
    const others = this.making.get(key);
    this.counts[others ? 'shared' : 'misses']++;
    const made = others ?? make();
    if (!others) this.making.set(key, made);
    try {
      const { value, keep } = await made;
      if (keep) this.kept.set(key, { value, tags });
      return { value: value as T, from: 'made' };
    } finally {
      if (!others) this.making.delete(key);
    }
  }

  async forget(tag: string): Promise<number> {
    return this.forgetHere(tag);
  }

  forgetHere(tag?: string): number {
    const has = (tags: readonly string[]) =>
      tag === undefined ? tags.length > 0 : tags.includes(tag);
    const keys = [...this.kept].filter(([, { tags }]) => has(tags)).map(([key]) => key);
    for (const key of keys) this.kept.delete(key);
    return keys.length;
  }

  stats(): CacheStats {
    const none = { secondHits: 0, evictions: 0, second: 'off' as const };
    const breaker = this.breaker && { breaker: this.breaker };
    return { ...this.counts, ...none, entries: this.kept.size, ...breaker };
  }
}
