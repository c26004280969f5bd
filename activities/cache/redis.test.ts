import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { LayeredCache } from './cache.js';
import { CacheUnavailable } from './errors.js';
import { MemoryLevel } from './memory.js';
import { RedisConnection, RedisLevel } from './redis.adapter.js';
import { TestRedis } from './testing.redis.js';

// A real Redis: what several replicas do with it, and what they do without.

const TTL_MS = 60_000;
const LIMITS = { entries: 100, bytes: 1_000_000, ttlMs: TTL_MS };
/** Redis may be as slow as the machine, but for those who want to know what happens then. */
const PATIENT_MS = 60_000;
const HASTY_MS = 100;
const LOOK_EVERY_MS = 5;

let redis: TestRedis;
let open: (RedisConnection | Redis)[] = [];
let logged: string[] = [];

const say = (_fields: object, message: string): void => {
  logged.push(message);
};
const log = { warn: say, info: say };

beforeAll(async () => {
  redis = await TestRedis.start();
});
afterEach(async () => {
  for (const one of open) await (one instanceof Redis ? one.disconnect() : one.close());
  open = [];
  logged = [];
});
afterAll(() => redis.kill());

async function replica(name: string, askMs = PATIENT_MS) {
  const connection = new RedisConnection(redis.url, log, askMs);
  open.push(connection);
  const cache = new LayeredCache(new MemoryLevel(LIMITS), new RedisLevel(connection, name, TTL_MS));
  await connection.connect();
  await until(() => connection.isReady());
  return cache;
}

function bare(): Redis {
  const client = new Redis(redis.url);
  open.push(client);
  return client;
}

const made = (value: unknown) => async () => ({ value, keep: true });
const unkept = (value: unknown) => async () => ({ value, keep: false });

/** Looks until it is so; the test's own limit ends it. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await wait(LOOK_EVERY_MS);
}

async function keysOf(client: Redis, name: string): Promise<string[]> {
  return client.keys(`slipway:{${name}}:*`);
}

describe('replicas with a Redis', () => {
  it('share what one of them made, under names that tell nothing', async () => {
    const [one, two] = [await replica('share'), await replica('share')];
    const client = bare();
    await one.through('what ada asked', made({ n: 1 }), ['user:ada']);
    await until(async () => (await keysOf(client, 'share')).length === 2);
    expect(await two.through('what ada asked', made(0))).toEqual({
      value: { n: 1 },
      from: 'second',
    });
    const names = (await keysOf(client, 'share')).join();
    expect(names).not.toMatch(/ada|asked/);
    for (const key of await keysOf(client, 'share')) {
      expect(await client.pttl(key)).toBeGreaterThan(0);
      expect(await client.pttl(key)).toBeLessThanOrEqual(TTL_MS + 2_000);
    }
  });

  it('do not see what another cache keeps', async () => {
    const client = bare();
    await (await replica('news')).through('a', made('news'));
    await until(async () => (await keysOf(client, 'news')).length > 0);
    const found = await (await replica('answers')).through('a', made('answer'));
    expect(found).toEqual({ value: 'answer', from: 'made' });
  });

  it('all forget what one of them forgets, from memory too', async () => {
    const [one, two, three] = [await replica('tag'), await replica('tag'), await replica('tag')];
    const client = bare();
    await one.through('a', made('old'), ['user:ada']);
    await one.through('b', made('kept'), ['user:bob']);
    await until(async () => (await keysOf(client, 'tag')).length === 4);
    await two.through('a', made('new'), ['user:ada']);
    await two.through('b', made('new'), ['user:bob']);
    expect(two.stats()).toMatchObject({ secondHits: 2, entries: 2 });
    expect(await three.forget('user:ada')).toBe(1);
    await until(() => one.stats().entries === 1 && two.stats().entries === 1);
    expect(await two.through('a', unkept('new'), ['user:ada'])).toEqual({
      value: 'new',
      from: 'made',
    });
    expect((await two.through('b', made('new'))).value).toBe('kept');
  });

  it('do not keep what one made while another forgot it', async () => {
    const [one, two] = [await replica('race'), await replica('race')];
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const making = one.through('a', async () => {
      begun.resolve();
      await gate.promise;
      return { value: 'old', keep: true };
    }, ['user:ada']);
    await begun.promise;
    await two.forget('user:ada');
    gate.resolve();
    await making;
    await two.through('b', made('after'));
    const client = bare();
    await until(async () => (await keysOf(client, 'race')).length >= 2);
    expect((await two.through('a', unkept('new'), ['user:ada'])).from).toBe('made');
  });

  it('take hostile content for nothing', async () => {
    const client = bare();
    const one = await replica('hostile');
    await one.through('a', made('mine'));
    await until(async () => (await keysOf(client, 'hostile')).length === 1);
    const [key = ''] = await keysOf(client, 'hostile');
    const texts = ['{', 'slipway1:', 'slipway1:{"a":', '\u0000\uffff', 'x'.repeat(2_000_000)];
    const hostile = [
      ...texts.map((text) => () => client.set(key, text, 'PX', TTL_MS)),
      () => client.set(key, 'slipway1:"for ever"'),
      async () => {
        await client.del(key);
        return client.lpush(key, 'a list');
      },
    ];
    for (const put of hostile) {
      await put();
      const fresh = await replica('hostile');
      expect(await fresh.through('a', unkept('new'))).toEqual({ value: 'new', from: 'made' });
      expect(fresh.stats().second).toBe('up');
    }
  });

  it('know how long what they got may still be kept', async () => {
    const connection = new RedisConnection(redis.url, log, PATIENT_MS);
    open.push(connection);
    await connection.connect();
    const [level, client] = [new RedisLevel(connection, 'late', TTL_MS), bare()];
    await level.set('id', { text: 'old', tags: [] }, []);
    const [key = ''] = await keysOf(client, 'late');
    await client.pexpire(key, 30_000);
    const { kept } = await level.get('id', []);
    expect(kept?.text).toBe('old');
    expect(kept?.ttlMs).toBeLessThanOrEqual(30_000);
  });
});

describe('replicas without their Redis', () => {
  it('go on when it is killed, and share again when it is back', async () => {
    const [one, two] = [await replica('killed'), await replica('killed')];
    await one.through('a', made('a'), ['user:ada']);
    await redis.kill();
    await until(() => one.stats().second === 'down' && two.stats().second === 'down');
    expect((await one.through('a', made('b'))).from).toBe('memory');
    for (let count = 0; count < 50; count++) {
      expect((await one.through(`k${count}`, made(count))).from).toBe('made');
    }
    await expect(one.forget('user:ada')).rejects.toBeInstanceOf(CacheUnavailable);
    await redis.begin();
    await until(() => one.stats().second === 'up' && two.stats().second === 'up');
    await one.through('c', made('c'));
    const client = bare();
    await until(async () => (await keysOf(client, 'killed')).length > 0);
    expect((await two.through('c', made('d'))).from).toBe('second');
    expect(logged.filter((line) => line === 'Redis is back')).toHaveLength(2);
  });

  it('forget everything that they could not hear about meanwhile', async () => {
    const one = await replica('deaf');
    await one.through('a', made('old'), ['user:ada']);
    await redis.kill();
    await until(() => one.stats().second === 'down');
    await redis.begin();
    await until(() => one.stats().entries === 0);
    expect((await one.through('a', made('new'))).value).toBe('new');
  });

  it('wait for none that hangs, and soon do not even ask it', async () => {
    const one = await replica('hung', HASTY_MS);
    redis.pause();
    try {
      let asked = 0;
      while (one.stats().second === 'up') {
        expect((await one.through(`k${asked}`, made(asked))).value).toBe(asked);
        asked++;
      }
      expect(asked).toBeLessThanOrEqual(5);
      expect((await one.through('more', made('more'))).value).toBe('more');
    } finally {
      redis.resume();
    }
  });

  it('begin without one', async () => {
    const connection = new RedisConnection('redis://127.0.0.1:1', log);
    open.push(connection);
    const cache = new LayeredCache(
      new MemoryLevel(LIMITS),
      new RedisLevel(connection, 'none', TTL_MS),
    );
    await connection.connect();
    expect((await cache.through('a', made('a'))).from).toBe('made');
    expect(cache.stats().second).toBe('down');
    expect(logged).toEqual(['Redis cannot be reached: caches are in memory only']);
  });
});
