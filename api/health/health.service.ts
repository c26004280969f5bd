/** Looks at every part, by Terminus, at most once a second however many ask. */
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { HttpException } from '@nestjs/common';
import type {
  HealthCheckResult,
  HealthCheckService,
  HealthIndicatorService,
} from '@nestjs/terminus';
import { wordsOf } from '../../activities/platform/errors.js';
import type { CacheHealth, Health, Readiness, ServiceHealth } from '../client/wire.js';
import { version } from '../platform/version.js';
import { type Check, type Checked, checksOf, type Verdict } from './checks.js';
import { readSystem, rounded, systemHealth } from './system.js';

/** An answer is good for this long. Milliseconds. */
const FRESH_MS = 1_000;
/** A part that does not answer within this is away. Milliseconds. */
const CHECK_LIMIT_MS = 2_000;
/** Response times of which the average is said. */
const REMEMBERED = 100;

export interface HealthTools {
  terminus: HealthCheckService;
  indicators: HealthIndicatorService;
  /** Milliseconds that never go back. */
  now?: () => number;
}

export class HealthService implements BeforeApplicationShutdown {
  private readonly checks: readonly Check[];
  private readonly times = new Map<string, number[]>();
  private readonly now: () => number;
  private system = readSystem();
  private looking: Promise<Health> | undefined;
  private last: { health: Health; atMs: number } | undefined;
  private isDraining = false;

  constructor(
    private readonly parts: Checked,
    private readonly tools: HealthTools,
  ) {
    this.checks = checksOf(parts);
    this.now = tools.now ?? (() => performance.now());
  }

  async health(): Promise<Health> {
    if (this.last && this.now() - this.last.atMs < FRESH_MS) return this.last.health;
    this.looking ??= this.look().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  async readiness(): Promise<Readiness> {
    const { status, timestamp, services } = await this.health();
    const critical = Object.entries(services).filter(([, service]) => service.critical);
    const isReady = status !== 'unhealthy';
    return {
      status: this.isDraining ? 'draining' : isReady ? 'ready' : 'unready',
      timestamp,
      version,
      services: Object.fromEntries(critical),
    };
  }

  /** The next question looks anew. */
  clear(): void {
    this.last = undefined;
  }

  /** As of the last look, for those who must not cause one. */
  known(): Health | undefined {
    return this.last?.health;
  }

  /** Milliseconds; null: it was never asked. */
  averageMs(service: string): number | null {
    const times = this.times.get(service) ?? [];
    if (times.length === 0) return null;
    return rounded(times.reduce((sum, ms) => sum + ms, 0) / times.length);
  }

  caches(): Record<string, CacheHealth> {
    const { chat } = this.parts;
    if (chat === undefined) return {};
    const { newsCache, answerCache } = chat;
    return { news_cache: cacheHealth(newsCache), answer_cache: cacheHealth(answerCache) };
  }

  beforeApplicationShutdown(): void {
    this.isDraining = true;
  }

  private async look(): Promise<Health> {
    const result = await this.ask();
    const [before, now] = [this.system, readSystem()];
    this.system = now;
    const health: Health = {
      status: STATUSES[result.status],
      timestamp: new Date().toISOString(),
      version,
      services: Object.fromEntries(
        Object.entries(result.details).map(([name, { service }]) => [
          name,
          service as ServiceHealth,
        ]),
      ),
      system: systemHealth(now, before),
      cache_stats: this.caches(),
    };
    this.last = { health, atMs: this.now() };
    return health;
  }

  /** Terminus says by an exception that a part is down. */
  private async ask(): Promise<HealthCheckResult> {
    const asked = this.checks.map((check) => async () => {
      const service = await this.serviceOf(check);
      const session = this.tools.indicators.check(check.name);
      if (service.status === 'healthy' || service.status === 'off') return session.up({ service });
      const isDown = check.isCritical && service.status === 'unhealthy';
      return isDown ? session.down({ service }) : session.degraded({ service });
    });
    try {
      return await this.tools.terminus.check(asked);
    } catch (error) {
      if (!(error instanceof HttpException)) throw error;
      return error.getResponse() as HealthCheckResult;
    }
  }

  private async serviceOf({ name, isCritical, look, help }: Check): Promise<ServiceHealth> {
    const begun = this.now();
    const verdict = await inTime(look).catch((error: unknown): Verdict => {
      return { status: 'unhealthy', message: [help, wordsOf(error)].filter(Boolean).join(': ') };
    });
    const ms = rounded(this.now() - begun);
    const said = {
      critical: isCritical,
      response_time_ms: ms,
      last_check: new Date().toISOString(),
      ...verdict,
    };
    if (said.response_time_ms !== null) this.remember(name, said.response_time_ms);
    return said;
  }

  private remember(name: string, ms: number): void {
    const times = this.times.get(name) ?? [];
    this.times.set(name, times);
    times.push(ms);
    if (times.length > REMEMBERED) times.shift();
  }
}

const STATUSES: Record<HealthCheckResult['status'], Health['status']> = {
  ok: 'healthy',
  degraded: 'degraded',
  error: 'unhealthy',
  shutting_down: 'unhealthy',
};

function cacheHealth(cache: NonNullable<Checked['chat']>['newsCache']): CacheHealth {
  const { hits, misses, entries, evictions, shared } = cache.stats();
  const asked = hits + misses;
  const rate = asked === 0 ? 0 : Math.round((1_000 * hits) / asked) / 1_000;
  return { hits, misses, hit_rate: rate, cache_size: entries, evictions, shared };
}

function inTime(look: Check['look']): Promise<Verdict> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`no answer within ${CHECK_LIMIT_MS / 1_000} s`)),
    CHECK_LIMIT_MS,
  );
  return Promise.race([look(), late]).finally(() => clearTimeout(timer));
}
