/** What /docs shows of health and metrics. */
const at = '2026-11-20T09:30:00.000Z';
const version = '0.1.0';
const database = {
  status: 'healthy',
  message: 'answers',
  critical: true,
  response_time_ms: 1.4,
  last_check: at,
};
const model = {
  status: 'healthy',
  message: 'answers',
  critical: true,
  response_time_ms: 41.8,
  last_check: at,
  test_generation: 'success',
  device: 'cuda',
  toy: false,
  models: [{ name: 'qwen-7b', slot: 'champion', state: 'ready', device: 'cuda' }],
};
const newsapi = {
  status: 'healthy',
  message: 'answers',
  critical: false,
  response_time_ms: 150.2,
  last_check: at,
  breaker: 'closed',
};
const cache = { hits: 45, misses: 12, hit_rate: 0.789, cache_size: 28, evictions: 0, shared: 3 };
const system = {
  memory: { percentage: 68.5, used_gb: 10.9, available_gb: 5.1 },
  cpu: { percentage: 15.2 },
  memory_usage_mb: 212.4,
  cpu_usage_percent: 3.1,
};

export const health = {
  status: 'healthy',
  timestamp: at,
  version,
  services: { database, model, newsapi },
  system,
  cache_stats: { news_cache: cache },
};
export const readiness = {
  status: 'ready',
  timestamp: at,
  version,
  services: { database, model },
};
export const liveness = { status: 'alive', timestamp: at, version, uptime_seconds: 86_400 };
export const metrics = {
  timestamp: at,
  version,
  uptime_seconds: 86_400,
  cache_stats: {
    total_hits: 45,
    total_misses: 12,
    hit_rate_percent: 78.9,
    caches: { news_cache: cache },
  },
  health_summary: {
    newsapi: { status: 'healthy', avg_response_time_ms: 245 },
    model: { status: 'healthy', avg_response_time_ms: 41.8 },
  },
  system,
  requests: { total: 1_234, errors: 0, avg_duration_ms: 3.2 },
  answers: {
    total: 57,
    refused: 0,
    cancelled: 2,
    prompt_tokens: 21_204,
    completion_tokens: 8_113,
    avg_first_token_ms: 240.5,
    avg_tokens_per_second: 31.4,
  },
};
