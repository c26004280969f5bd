/** A second level in this process, for several caches at once. It misbehaves on request. */
import type { Kept, Known, SecondLevel, Versions } from './cache.ports.js';
import { CacheUnavailable } from './errors.js';

/** What Redis would hold: give the same one to several levels, and they are replicas. */
export class FakeShelf {
  readonly kept = new Map<string, Kept>();
  readonly versions = new Map<string, number>();
  readonly listeners: ((tag: string | undefined) => void)[] = [];
}

export class FakeSecondLevel implements SecondLevel {
  isUp = true;
  /** Called before each question: a test holds it here. */
  beforeGet: () => Promise<void> = async () => {};

  constructor(
    readonly shelf: FakeShelf,
    private readonly ttlMs = 60_000,
  ) {}

  async get(id: string, tags: readonly string[]): Promise<Known> {
    await this.beforeGet();
    if (!this.isUp) return { kept: undefined, versions: undefined };
    const kept = this.shelf.kept.get(id);
    return {
      kept: kept && { text: kept.text, ttlMs: this.ttlMs },
      versions: this.versionsOf(tags),
    };
  }

  async set(id: string, kept: Kept, versions: Versions): Promise<void> {
    const isSame = this.versionsOf(kept.tags).join() === versions.join();
    if (this.isUp && isSame) this.shelf.kept.set(id, kept);
  }

  async forget(tag: string): Promise<string[]> {
    if (!this.isUp) throw new CacheUnavailable(new Error('down on request'));
    const ids = [...this.shelf.kept].filter(([, { tags }]) => tags.includes(tag)).map(([id]) => id);
    for (const id of ids) this.shelf.kept.delete(id);
    this.shelf.versions.set(tag, (this.shelf.versions.get(tag) ?? 0) + 1);
    for (const listener of this.shelf.listeners) listener(tag);
    return ids;
  }

  onForget(forgotten: (tag: string | undefined) => void): void {
    this.shelf.listeners.push(forgotten);
  }

  state(): 'up' | 'down' {
    return this.isUp ? 'up' : 'down';
  }

  breaker(): 'closed' | 'open' {
    return this.isUp ? 'closed' : 'open';
  }

  async close(): Promise<void> {}

  private versionsOf(tags: readonly string[]): string[] {
    return tags.map((tag) => String(this.shelf.versions.get(tag) ?? 0));
  }
}
