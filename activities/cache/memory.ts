/** The first level: in this process, limited by number, bytes and age. */
import { LRUCache } from 'lru-cache';
import type { Kept } from './cache.ports.js';

export interface MemoryLimits {
  entries: number;
  /** Of all texts together. */
  bytes: number;
  ttlMs: number;
}

/** What an entry takes beside its text, about. Bytes. */
const ENTRY_BYTES = 256;

export class MemoryLevel {
  private readonly entries: LRUCache<string, Kept>;
  private readonly tagged = new Map<string, Set<string>>();
  private evicted = 0;

  /** @param now milliseconds that never go back. */
  constructor(
    private readonly limits: MemoryLimits,
    now: () => number = () => performance.now(),
  ) {
    const { entries, bytes, ttlMs } = limits;
    this.entries = new LRUCache({
      max: entries,
      maxSize: bytes,
      ttl: ttlMs,
      ttlResolution: 0,
      perf: { now },
      sizeCalculation: ({ text }) => Buffer.byteLength(text) + ENTRY_BYTES,
      dispose: ({ tags }, id, reason) => {
        if (reason === 'evict') this.evicted++;
        for (const tag of tags) this.untag(tag, id);
      },
    });
  }

  get(id: string): string | undefined {
    return this.entries.get(id)?.text;
  }

  /**
   * What is larger than everything may be is not kept.
   *
   * @param ttlMs shorter than usual, of what is old already.
   */
  set(id: string, kept: Kept, ttlMs = this.limits.ttlMs): void {
    this.entries.delete(id);
    this.entries.set(id, kept, { ttl: Math.min(ttlMs, this.limits.ttlMs) });
    if (!this.entries.has(id)) return;
    for (const tag of kept.tags) {
      const ids = this.tagged.get(tag) ?? new Set();
      this.tagged.set(tag, ids.add(id));
    }
  }

  /** The ids that went. Without a tag: of everything that has one. */
  forget(tag?: string): string[] {
    const tags = tag === undefined ? [...this.tagged.keys()] : [tag];
    const tagged = new Set(tags.flatMap((one) => [...(this.tagged.get(one) ?? [])]));
    const ids = [...tagged].filter((id) => this.entries.has(id));
    for (const id of ids) this.entries.delete(id);
    return ids;
  }

  clear(): void {
    this.entries.clear();
    this.tagged.clear();
  }

  /** Entries that are kept, some of which may have expired; and how many had to make room. */
  stats(): { entries: number; evictions: number } {
    return { entries: this.entries.size, evictions: this.evicted };
  }

  private untag(tag: string, id: string): void {
    const ids = this.tagged.get(tag);
    ids?.delete(id);
    if (ids?.size === 0) this.tagged.delete(tag);
  }
}
