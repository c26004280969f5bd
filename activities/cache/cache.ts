/**
 * What was made lately, made once: memory first, then a second level that all replicas share. The shape
 * is that of `api/chat/cache.ports.ts`.
 */
import { createHash } from 'node:crypto';
import type { BreakerState } from '../platform/resilience.js';
import type { SecondLevel, Versions } from './cache.ports.js';
import type { MemoryLevel } from './memory.js';

/** Of one value as JSON; a larger one is made each time. Bytes. */
export const MAX_VALUE_BYTES = 262_144;

export interface CacheStats {
  hits: number;
  secondHits: number;
  misses: number;
  evictions: number;
  shared: number;
  entries: number;
  second: 'off' | 'up' | 'down';
  /** Of the second level; absent without one. */
  breaker?: BreakerState;
}

type Make<T> = () => Promise<{ value: T; keep: boolean }>;
interface Found<T> {
  value: T;
  from: 'memory' | 'second' | 'made';
}
/** Somebody makes it. */
interface Flight {
  result: Promise<Found<unknown>>;
  tags: readonly string[];
  /** A tag of it was forgotten meanwhile. */
  isForgotten: boolean;
}

export class LayeredCache {
  private readonly flights = new Map<string, Flight>();
  private readonly counts = { hits: 0, secondHits: 0, misses: 0, shared: 0 };

  constructor(
    private readonly memory: MemoryLevel,
    private readonly second?: SecondLevel,
  ) {
    second?.onForget((tag) => {
      if (tag === undefined) {
        memory.clear();
        for (const flight of this.flights.values()) flight.isForgotten = true;
      } else this.forgetId(tag);
    });
  }

  /**
   * The value of `key`, made once however many ask at once. Who waits for somebody who leaves (an
   * `AbortError`) makes it himself; any other error is everybody's.
   *
   * @param tags the value goes when one of them is forgotten, also while it is being made.
   */
  async through<T>(key: string, make: Make<T>, tags: readonly string[] = []): Promise<Found<T>> {
    const id = idOf(key);
    for (;;) {
      const text = this.memory.get(id);
      if (text !== undefined) {
        this.counts.hits++;
        return { value: JSON.parse(text) as T, from: 'memory' };
      }
      const flight = this.flights.get(id);
      if (flight === undefined) return this.fly(id, make, tags.map(idOf));
      this.counts.shared++;
      try {
        return (await flight.result) as Found<T>;
      } catch (error) {
        if (!isAbort(error)) throw error;
      }
    }
  }

  /** @throws {CacheUnavailable} gone from here, and maybe not from the second level. */
  async forget(tag: string): Promise<number> {
    const id = idOf(tag);
    const here = this.forgetId(id);
    const there = (await this.second?.forget(id)) ?? [];
    return new Set([...here, ...there]).size;
  }

  /** What this process keeps in memory, also while it is being made. Without a tag: all that has one. */
  forgetHere(tag?: string): number {
    return this.forgetId(tag === undefined ? undefined : idOf(tag)).length;
  }

  stats(): CacheStats {
    const second = this.second?.state() ?? 'off';
    const breaker = this.second && { breaker: this.second.breaker() };
    return { ...this.counts, ...this.memory.stats(), second, ...breaker };
  }

  private async fly<T>(id: string, make: Make<T>, tags: readonly string[]): Promise<Found<T>> {
    const flight: Flight = { result: Promise.resolve() as never, tags, isForgotten: false };
    const result = this.find(id, make, flight);
    flight.result = result;
    this.flights.set(id, flight);
    try {
      return await result;
    } finally {
      this.flights.delete(id);
    }
  }

  private async find<T>(id: string, make: Make<T>, flight: Flight): Promise<Found<T>> {
    const { tags } = flight;
    const known = await this.second?.get(id, tags);
    const kept = known?.kept && read<T>(known.kept.text);
    if (kept) {
      this.counts.hits++;
      this.counts.secondHits++;
      // It goes with whoever it was made for, and with whoever has it here now.
      const both = [...new Set([...tags, ...kept.tags])];
      if (!flight.isForgotten) {
        this.memory.set(id, { text: kept.json, tags: both }, known.kept?.ttlMs);
      }
      return { value: kept.value, from: 'second' };
    }
    this.counts.misses++;
    const made = await make();
    if (made.keep && !flight.isForgotten) {
      this.keep(id, made.value, { tags, versions: known?.versions });
    }
    return { value: made.value, from: 'made' };
  }

  private keep(
    id: string,
    value: unknown,
    { tags, versions }: { tags: readonly string[]; versions: Versions | undefined },
  ): void {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined || Buffer.byteLength(text) > MAX_VALUE_BYTES) return;
    this.memory.set(id, { text, tags });
    if (versions === undefined) return;
    void this.second?.set(id, { text: `${MARK}${tags.join()}:${text}`, tags }, versions);
  }

  private forgetId(tag: string | undefined): string[] {
    for (const flight of this.flights.values()) {
      const hasIt = tag === undefined ? flight.tags.length > 0 : flight.tags.includes(tag);
      if (hasIt) flight.isForgotten = true;
    }
    return this.memory.forget(tag);
  }
}

/** What we wrote into the second level: this, its tags, and its JSON. */
const MARK = 'slipway2:';
const OURS = /^slipway2:([\w,-]*):(.*)$/s;

/** Undefined for what somebody else wrote, or cut off. */
function read<T>(text: string): { value: T; json: string; tags: string[] } | undefined {
  const [, tags, json] = OURS.exec(text) ?? [];
  if (tags === undefined || json === undefined) return undefined;
  try {
    return { value: JSON.parse(json) as T, json, tags: tags.split(',').filter(Boolean) };
  } catch {
    return undefined;
  }
}

/** Neither prompts nor logins can be read in what a level keeps. */
function idOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url');
}

function isAbort(error: unknown): boolean {
  return (error as Error | undefined)?.name === 'AbortError';
}
