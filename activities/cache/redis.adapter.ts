/** Redis or Valkey as second level: one connection to ask, one that hears what others forgot. */
import { Redis } from 'ioredis';
import { z } from 'zod';
import { type BreakerState, MayPass, type Resilience, resilient } from '../platform/resilience.js';
import type { Kept, Known, SecondLevel, Versions } from './cache.ports.js';
import { CacheUnavailable } from './errors.js';
import { FORGET, GET, SET } from './redis.scripts.js';

/** Nobody waits longer for an answer of the second level. Milliseconds. */
const ASK_MS = 100;
/** One attempt has this part of it, so that an answer that is late counts against Redis. */
const ATTEMPT_PART = 0.9;
/** Forgetting must happen, and may wait. Milliseconds. */
const FORGET_MS = 2_000;
const CONNECT_MS = 1_000;
const LONGEST_PAUSE_MS = 2_000;
/** Redis that hangs is asked again after this. Milliseconds. */
const OPEN_MS = 5_000;
/** Of one entry; a longer one is somebody else's. */
const MAX_TEXT_BYTES = 524_288;
/** A version is forgotten when nothing that was begun before it can still be made. Milliseconds (1 day). */
const VERSION_TTL_MS = 86_400_000;
const AT_ONCE = 1_024;

const Answer = z.tuple([z.string(), z.number()]).rest(z.string());
const Ids = z.array(z.string());
const NOBODY: Known = { kept: undefined, versions: undefined };

/** pino's shape. */
export interface CacheLog {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

/** What several caches of one process share. */
export class RedisConnection {
  private readonly client: Redis;
  private readonly hearing: Redis;
  private readonly listeners = new Map<string, (tag: string | undefined) => void>();
  private readonly guard: Resilience;
  private isMissed = false;
  private isHearing = false;
  private trouble = 'it ended the connection';

  /**
   * Once connected it connects again by itself.
   *
   * @param url `redis://` or `rediss://`, with a password maybe.
   * @param askMs longer on a machine that is busy with tests.
   */
  constructor(
    url: string,
    private readonly log: CacheLog,
    askMs = ASK_MS,
  ) {
    this.client = new Redis(url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_MS,
      commandTimeout: FORGET_MS,
      retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 10), LONGEST_PAUSE_MS),
    });
    this.hearing = this.client.duplicate({ autoResubscribe: false });
    this.guard = resilient('Redis', {
      attemptMs: askMs * ATTEMPT_PART,
      callMs: askMs,
      atOnce: AT_ONCE,
      waiting: 0,
      retries: 0,
      openMs: OPEN_MS,
    });
    this.client.on('error', (error: Error) => {
      this.trouble = error.message;
    });
    this.client.on('close', () => this.missed());
    this.client.on('ready', () => this.back());
    this.hearing.on('error', () => {});
    this.hearing.on('close', () => {
      this.isHearing = false;
    });
    this.hearing.on('ready', () => void this.listen());
    this.hearing.on('message', (channel: string, tag: string) =>
      this.listeners.get(channel)?.(tag),
    );
  }

  /** Waits for the first connection, as long as one attempt takes. */
  async connect(): Promise<void> {
    await Promise.allSettled([this.client.connect(), this.hearing.connect()]);
  }

  /** It answers, and we hear what others forget. */
  isReady(): boolean {
    const hears = this.isHearing || this.listeners.size === 0;
    return hears && this.client.status === 'ready' && this.guard.state() === 'closed';
  }

  breaker(): BreakerState {
    return this.guard.state();
  }

  /** Undefined when Redis is away, slow or says no. */
  async ask(script: string, keys: string[], args: (string | number)[]): Promise<unknown> {
    if (this.client.status !== 'ready') return undefined;
    try {
      return await this.guard.call(() =>
        this.client.eval(script, keys.length, ...keys, ...args).catch((cause: Error) => {
          throw new MayPass(cause.message, { cause });
        }),
      );
    } catch {
      return undefined;
    }
  }

  /** @throws {CacheUnavailable} */
  async mustAsk(script: string, keys: string[], args: (string | number)[]): Promise<unknown> {
    try {
      return await this.client.eval(script, keys.length, ...keys, ...args);
    } catch (error) {
      throw new CacheUnavailable(error);
    }
  }

  hear(channel: string, listener: (tag: string | undefined) => void): void {
    this.listeners.set(channel, listener);
    if (this.hearing.status === 'ready') void this.listen();
  }

  async close(): Promise<void> {
    for (const one of [this.client, this.hearing]) {
      one.removeAllListeners('close');
      one.disconnect();
    }
  }

  /** What was forgotten while nobody heard it is not known: everything is. */
  private async listen(): Promise<void> {
    const channels = [...this.listeners.keys()];
    if (channels.length === 0) return;
    try {
      await this.hearing.subscribe(...channels);
      for (const listener of this.listeners.values()) listener(undefined);
      this.isHearing = true;
    } catch {
      this.hearing.disconnect(true);
    }
  }

  private missed(): void {
    if (this.isMissed) return;
    this.isMissed = true;
    this.log.warn({ reason: this.trouble }, 'Redis cannot be reached: caches are in memory only');
  }

  private back(): void {
    if (this.isMissed) this.log.info({}, 'Redis is back');
    this.isMissed = false;
  }
}

export class RedisLevel implements SecondLevel {
  private readonly prefix: string;

  /** @param name of the cache: what has another name is not seen. */
  constructor(
    private readonly redis: RedisConnection,
    name: string,
    private readonly ttlMs: number,
  ) {
    this.prefix = `slipway:{${name}}:`;
  }

  async get(id: string, tags: readonly string[]): Promise<Known> {
    const keys = [this.key('entry', id), ...tags.map((tag) => this.key('version', tag))];
    const answer = Answer.safeParse(await this.redis.ask(GET, keys, [MAX_TEXT_BYTES + 1]));
    if (!answer.success) return NOBODY;
    const [text, ttlMs, ...versions] = answer.data;
    const isOurs = text !== '' && text.length <= MAX_TEXT_BYTES && ttlMs > 0;
    return { kept: isOurs ? { text, ttlMs } : undefined, versions };
  }

  async set(id: string, { text, tags }: Kept, versions: Versions): Promise<void> {
    const keys = [
      this.key('entry', id),
      ...tags.map((tag) => this.key('version', tag)),
      ...tags.map((tag) => this.key('tag', tag)),
    ];
    await this.redis.ask(SET, keys, [id, text, this.ttlMs, ...versions]);
  }

  async forget(tag: string): Promise<string[]> {
    const keys = [this.key('version', tag), this.key('tag', tag)];
    const args = [this.key('entry', ''), this.channel(), tag, VERSION_TTL_MS];
    return Ids.parse(await this.redis.mustAsk(FORGET, keys, args));
  }

  onForget(forgotten: (tag: string | undefined) => void): void {
    this.redis.hear(this.channel(), forgotten);
  }

  state(): 'up' | 'down' {
    return this.redis.isReady() ? 'up' : 'down';
  }

  breaker(): BreakerState {
    return this.redis.breaker();
  }

  async close(): Promise<void> {
    await this.redis.close();
  }

  private key(kind: 'entry' | 'version' | 'tag', id: string): string {
    return `${this.prefix}${kind}:${id}`;
  }

  private channel(): string {
    return `${this.prefix}forget`;
  }
}
