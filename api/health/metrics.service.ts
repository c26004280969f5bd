/** `/metrics` as JSON: the sums and averages of what Prometheus gets in detail. */
import type { CacheHealth, MetricsPage } from '../client/wire.js';
import type { PrometheusMetrics, Reading } from '../platform/metrics.js';
import { version } from '../platform/version.js';
import type { HealthService } from './health.service.js';
import { rounded } from './system.js';

export class MetricsService {
  constructor(
    private readonly metrics: Pick<PrometheusMetrics, 'readings'>,
    private readonly health: HealthService,
  ) {}

  async page(): Promise<MetricsPage> {
    const { services, system } = await this.health.health();
    const counted = new Counted(await this.metrics.readings());
    return {
      timestamp: new Date().toISOString(),
      version,
      uptime_seconds: Math.round(process.uptime()),
      cache_stats: cacheStats(this.health.caches()),
      health_summary: Object.fromEntries(
        Object.entries(services).map(([name, { status }]) => [
          name,
          { status, avg_response_time_ms: this.health.averageMs(name) },
        ]),
      ),
      system,
      requests: {
        total: counted.sum('http_request_seconds_count'),
        errors: counted.sum('http_request_seconds_count', ({ status }) => Number(status) >= 500),
        avg_duration_ms: counted.average('http_request_seconds', 1_000),
      },
      answers: {
        total: counted.sum('answers_total'),
        refused: counted.sum('refusals_total'),
        cancelled: counted.sum('answer_cancel_seconds_count'),
        prompt_tokens: counted.sum('answer_tokens_total', ({ kind }) => kind === 'prompt'),
        completion_tokens: counted.sum('answer_tokens_total', ({ kind }) => kind === 'completion'),
        avg_first_token_ms: counted.average('answer_first_token_seconds', 1_000),
        avg_tokens_per_second: counted.average('answer_tokens_per_second', 1),
      },
    };
  }
}

class Counted {
  constructor(private readonly readings: readonly Reading[]) {}

  sum(name: string, isMeant: (labels: Reading['labels']) => boolean = () => true): number {
    return this.readings
      .filter((one) => one.name === `slipway_${name}` && isMeant(one.labels))
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** Of a histogram; null while nothing was observed. */
  average(name: string, factor: number): number | null {
    const count = this.sum(`${name}_count`);
    return count === 0 ? null : rounded((factor * this.sum(`${name}_sum`)) / count);
  }
}

function cacheStats(caches: Record<string, CacheHealth>): MetricsPage['cache_stats'] {
  const all = Object.values(caches);
  const hits = all.reduce((sum, cache) => sum + cache.hits, 0);
  const misses = all.reduce((sum, cache) => sum + cache.misses, 0);
  const rate = hits + misses === 0 ? 0 : rounded((100 * hits) / (hits + misses));
  return { total_hits: hits, total_misses: misses, hit_rate_percent: rate, caches };
}
