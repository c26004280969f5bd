import { beforeEach, describe, expect, it } from '@jest/globals';
import { LayeredCache, MAX_VALUE_BYTES } from './cache.js';
import { CacheUnavailable } from './errors.js';
import { MemoryLevel } from './memory.js';
import { FakeSecondLevel, FakeShelf } from './second.fake.js';

const LIMITS = { entries: 3, bytes: 1_000_000, ttlMs: 60_000 };

let now: number;
let made: string[];
const clock = () => now;
/** Makes a value, and writes down that it did. */
const make =
  (value: unknown, keep = true) =>
  async () => {
    made.push(JSON.stringify(value));
    return { value, keep };
  };

beforeEach(() => {
  now = 1_000;
  made = [];
});

const inMemory = (limits = LIMITS) => new LayeredCache(new MemoryLevel(limits, clock));
const replica = (shelf: FakeShelf, ttlMs?: number) => {
  const second = new FakeSecondLevel(shelf, ttlMs);
  return { second, cache: new LayeredCache(new MemoryLevel(LIMITS, clock), second) };
};

describe('a cache', () => {
  it('makes a value once, and gives a copy of it until it is too old', async () => {
    const cache = inMemory();
    expect(await cache.through('a', make({ n: 1 }))).toEqual({ value: { n: 1 }, from: 'made' });
    const again = await cache.through<{ n: number }>('a', async () => ({
      value: { n: 2 },
      keep: true,
    }));
    expect(again).toEqual({ value: { n: 1 }, from: 'memory' });
    again.value.n = 3;
    expect((await cache.through('a', make({ n: 2 }))).value).toEqual({ n: 1 });
    now += LIMITS.ttlMs + 1;
    expect((await cache.through('a', make({ n: 4 }))).value).toEqual({ n: 4 });
    expect(cache.stats()).toMatchObject({ hits: 2, misses: 2, evictions: 0, second: 'off' });
  });

  it('makes a value once, however many ask at once', async () => {
    const cache = inMemory();
    const gate = Promise.withResolvers<void>();
    const slow = async () => {
      await gate.promise;
      return make('one')();
    };
    const asking = Array.from({ length: 50 }, () => cache.through('a', slow));
    gate.resolve();
    const found = await Promise.all(asking);
    expect(new Set(found.map(({ value }) => value))).toEqual(new Set(['one']));
    expect(made).toHaveLength(1);
    expect(cache.stats()).toMatchObject({ misses: 1, shared: 49, entries: 1 });
  });

  it('shares a failure with all who wait for it, and keeps none', async () => {
    const cache = inMemory();
    const gate = Promise.withResolvers<void>();
    const failing = async (): Promise<never> => {
      made.push('tried');
      await gate.promise;
      throw new Error('no');
    };
    const asking = [1, 2].map(() => cache.through('a', failing).catch((error: Error) => error));
    gate.resolve();
    expect((await Promise.all(asking)).map((error) => (error as Error).message)).toEqual([
      'no',
      'no',
    ]);
    expect(made).toHaveLength(1);
    expect((await cache.through('a', make('yes'))).value).toBe('yes');
  });

  it('lets nobody suffer because whoever makes the value leaves', async () => {
    const cache = inMemory();
    const gate = Promise.withResolvers<void>();
    const leaving = cache.through('a', async () => {
      await gate.promise;
      throw new DOMException('gone', 'AbortError');
    });
    const staying = cache.through('a', make('made by another'));
    gate.resolve();
    await expect(leaving).rejects.toThrow('gone');
    expect((await staying).value).toBe('made by another');
  });

  it('keeps no more entries and bytes than it may, and nothing that should not be kept', async () => {
    const cache = inMemory();
    for (const key of ['a', 'b', 'c', 'd']) await cache.through(key, make(key));
    expect(cache.stats()).toMatchObject({ entries: 3, evictions: 1 });
    const small = inMemory({ ...LIMITS, bytes: 2_000 });
    for (const key of ['a', 'b']) await small.through(key, make('x'.repeat(1_000)));
    expect(small.stats().entries).toBe(1);
    await small.through('large', make('x'.repeat(MAX_VALUE_BYTES + 1)));
    await small.through('not', make('not', false));
    await small.through('nothing', make(undefined));
    for (const key of ['large', 'not', 'nothing']) {
      expect((await small.through(key, make('again', false))).from).toBe('made');
    }
  });

  it('forgets what has a tag, and nothing else', async () => {
    const cache = inMemory();
    await cache.through('a', make('a'), ['user:ada']);
    await cache.through('b', make('b'), ['user:bob', 'user:ada']);
    await cache.through('c', make('c'), ['user:bob']);
    expect(await cache.forget('user:ada')).toBe(2);
    expect(await cache.forget('user:ada')).toBe(0);
    expect((await cache.through('c', make('new'))).value).toBe('c');
    expect((await cache.through('a', make('new'))).value).toBe('new');
  });

  it('forgets everything that has a tag, where it is not known what it did not hear', async () => {
    const cache = inMemory();
    const gate = Promise.withResolvers<void>();
    await cache.through('a', make('a'), ['user:ada']);
    await cache.through('b', make('b'), ['user:bob', 'user:ada']);
    await cache.through('c', make('c'));
    const making = cache.through('d', async () => {
      await gate.promise;
      return { value: 'old', keep: true };
    }, ['user:eve']);
    expect(cache.forgetHere()).toBe(2);
    gate.resolve();
    await making;
    for (const key of ['a', 'b', 'd']) {
      expect((await cache.through(key, make('new', false))).from).toBe('made');
    }
    expect((await cache.through('c', make('new'))).value).toBe('c');
  });

  it('does not keep what was being made when it was forgotten', async () => {
    const cache = inMemory();
    const gate = Promise.withResolvers<void>();
    const making = cache.through('a', async () => {
      await gate.promise;
      return { value: 'old', keep: true };
    }, ['user:ada']);
    await cache.forget('user:ada');
    gate.resolve();
    expect((await making).value).toBe('old');
    expect((await cache.through('a', make('new'))).value).toBe('new');
  });
});

describe('caches with a second level', () => {
  it('share what one of them made', async () => {
    const shelf = new FakeShelf();
    const [one, two] = [replica(shelf).cache, replica(shelf).cache];
    await one.through('a', make('a'), ['user:ada']);
    expect(await two.through('a', make('b'), ['user:ada'])).toEqual({ value: 'a', from: 'second' });
    expect((await two.through('a', make('b'))).from).toBe('memory');
    expect(two.stats()).toMatchObject({ hits: 2, secondHits: 1, misses: 0, second: 'up' });
    expect([...shelf.kept.keys()].join()).not.toContain('a"');
  });

  it('keep nothing longer in memory because they got it late', async () => {
    const shelf = new FakeShelf();
    await replica(shelf).cache.through('a', make('old'));
    const { second, cache } = replica(shelf, 1_000);
    expect((await cache.through('a', make('new'))).from).toBe('second');
    second.isUp = false;
    now += 1_001;
    expect((await cache.through('a', make('new'))).value).toBe('new');
  });

  it('all forget what one of them forgets', async () => {
    const shelf = new FakeShelf();
    const [one, two] = [replica(shelf).cache, replica(shelf).cache];
    await one.through('a', make('a'), ['user:ada']);
    await two.through('a', make('a'), ['user:ada']);
    expect(await one.forget('user:ada')).toBe(1);
    expect(await two.through('a', make('new'))).toEqual({ value: 'new', from: 'made' });
  });

  it('forget what was made for one and given to another, too', async () => {
    const shelf = new FakeShelf();
    const [one, two] = [replica(shelf).cache, replica(shelf).cache];
    await one.through('a', make('a'), ['user:bob']);
    expect((await two.through('a', make('b'), ['user:ada'])).from).toBe('second');
    await one.forget('user:bob');
    expect((await two.through('a', make('new'), ['user:ada'])).value).toBe('new');
  });

  it('forget in memory what another one heard of, also while the second level is down', async () => {
    const { second, cache } = replica(new FakeShelf());
    await cache.through('a', make('a'), ['user:ada']);
    second.isUp = false;
    expect(cache.forgetHere('user:bob')).toBe(0);
    expect(cache.forgetHere('user:ada')).toBe(1);
    expect((await cache.through('a', make('new'))).value).toBe('new');
  });

  it('take something that is not theirs for nothing', async () => {
    const shelf = new FakeShelf();
    const { cache } = replica(shelf);
    await cache.through('a', make('a'));
    const [id = ''] = shelf.kept.keys();
    for (const text of ['', 'null', '{', 'slipway1:"x"', 'slipway2:"x"', 'slipway2::{', '\u0000']) {
      shelf.kept.set(id, { text, tags: [] });
      const fresh = replica(shelf).cache;
      expect(await fresh.through('a', make('new', false))).toEqual({ value: 'new', from: 'made' });
    }
  });

  it('go on in memory while it is down, and say when they could not forget', async () => {
    const { second, cache } = replica(new FakeShelf());
    second.isUp = false;
    await cache.through('a', make('a'), ['user:ada']);
    expect((await cache.through('a', make('b'))).from).toBe('memory');
    expect(cache.stats().second).toBe('down');
    await expect(cache.forget('user:ada')).rejects.toBeInstanceOf(CacheUnavailable);
    expect((await cache.through('a', make('new'))).value).toBe('new');
  });
});
