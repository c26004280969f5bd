/** The caches of a process that serves chat, by configuration. */
import type { Config } from '../platform/config.js';
import { LayeredCache } from './cache.js';
import { MemoryLevel, type MemoryLimits } from './memory.js';
import type { CacheLog } from './redis.adapter.js';

const MINUTE_MS = 60_000;
const MIB = 1_048_576;

export const NEWS_LIMITS: MemoryLimits = { entries: 500, bytes: 8 * MIB, ttlMs: 15 * MINUTE_MS };
export const ANSWER_LIMITS: MemoryLimits = {
  entries: 5_000,
  bytes: 64 * MIB,
  ttlMs: 120 * MINUTE_MS,
};

export interface CacheParts {
  news: LayeredCache;
  answers: LayeredCache;
  close(): Promise<void>;
}

/** Without SLIPWAY_REDIS_URL in memory only. A Redis that is away is no error: it is used once it is there. */
export async function cacheParts(
  { SLIPWAY_REDIS_URL: url }: Pick<Config, 'SLIPWAY_REDIS_URL'>,
  log: CacheLog,
): Promise<CacheParts> {
  const news = new MemoryLevel(NEWS_LIMITS);
  const answers = new MemoryLevel(ANSWER_LIMITS);
  if (url === '') {
    const close = async () => {};
    return { news: new LayeredCache(news), answers: new LayeredCache(answers), close };
  }
  const { RedisConnection, RedisLevel } = await import('./redis.adapter.js');
  const redis = new RedisConnection(url, log);
  const parts = {
    news: new LayeredCache(news, new RedisLevel(redis, 'news', NEWS_LIMITS.ttlMs)),
    answers: new LayeredCache(answers, new RedisLevel(redis, 'answers', ANSWER_LIMITS.ttlMs)),
  };
  await redis.connect();
  return { ...parts, close: () => redis.close() };
}
