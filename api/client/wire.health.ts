/** How a process and its parts are: `/health`, `/health/ready`, `/health/live` and `/metrics` as JSON. */
import { z } from 'zod';

const time = z.iso.datetime();
const percent = z.number().min(0);

/** `off`: not configured here. */
export const ServiceStatus = z.enum(['healthy', 'degraded', 'unhealthy', 'off']);
export type ServiceStatus = z.infer<typeof ServiceStatus>;

export const ServiceHealth = z.object({
  status: ServiceStatus,
  /** What is wrong and what to do, or how it is. */
  message: z.string(),
  /** Without it this process can do nothing: `/health/ready` says 503. */
  critical: z.boolean(),
  /** Of the last question to it; null: it was not asked. */
  response_time_ms: z.number().nullable(),
  last_check: time.nullable(),
  /** Of a model: whether its engine evaluated a token when it was last looked at. */
  test_generation: z.enum(['success', 'failed', 'not_run']).optional(),
  /** What the engine really computes on. */
  device: z.string().optional(),
  /** It writes a fixed text, and is no language model. */
  toy: z.boolean().optional(),
  models: z
    .array(
      z.object({
        name: z.string(),
        slot: z.enum(['champion', 'challenger']),
        state: z.string(),
        device: z.string(),
      }),
    )
    .optional(),
  breaker: z.enum(['closed', 'open', 'half-open']).optional(),
});
export type ServiceHealth = z.infer<typeof ServiceHealth>;

export const CacheHealth = z.object({
  hits: z.int(),
  misses: z.int(),
  /** 0 to 1. */
  hit_rate: z.number(),
  /** Entries in memory. */
  cache_size: z.int(),
  evictions: z.int(),
  /** Asked for while another one made the same. */
  shared: z.int(),
});
export type CacheHealth = z.infer<typeof CacheHealth>;

export const SystemHealth = z.object({
  /** Of the machine, or of the control group that the process lives in. */
  memory: z.object({ percentage: percent, used_gb: z.number(), available_gb: z.number() }),
  /** Of the machine, all cores together, since the check before. */
  cpu: z.object({ percentage: percent }),
  /** Of this process: resident. */
  memory_usage_mb: z.number(),
  /** Of this process, in parts of one core. */
  cpu_usage_percent: z.number(),
});
export type SystemHealth = z.infer<typeof SystemHealth>;

/** `unhealthy` (503): a critical part is away. `degraded`: another one is; what needs it goes without. */
export const Health = z.object({
  status: z.enum(['healthy', 'degraded', 'unhealthy']),
  timestamp: time,
  version: z.string(),
  services: z.record(z.string(), ServiceHealth),
  system: SystemHealth,
  cache_stats: z.record(z.string(), CacheHealth),
});
export type Health = z.infer<typeof Health>;

/** For a load balancer: critical parts only. `draining`: the process is about to end. */
export const Readiness = z.object({
  status: z.enum(['ready', 'unready', 'draining']),
  timestamp: time,
  version: z.string(),
  services: z.record(z.string(), ServiceHealth),
});
export type Readiness = z.infer<typeof Readiness>;

/** For whoever restarts processes: asks no other part. */
export const Liveness = z.object({
  status: z.enum(['alive', 'stuck']),
  timestamp: time,
  version: z.string(),
  uptime_seconds: z.number(),
});
export type Liveness = z.infer<typeof Liveness>;

/** `/metrics` for people; Prometheus gets its own text. Counted since the process began. */
export const MetricsPage = z.object({
  timestamp: time,
  version: z.string(),
  uptime_seconds: z.number(),
  cache_stats: z.object({
    total_hits: z.int(),
    total_misses: z.int(),
    hit_rate_percent: percent,
    caches: z.record(z.string(), CacheHealth),
  }),
  health_summary: z.record(
    z.string(),
    z.object({
      status: ServiceStatus,
      /** Of the last 100 checks; null: it was not asked. */
      avg_response_time_ms: z.number().nullable(),
    }),
  ),
  system: SystemHealth,
  requests: z.object({
    total: z.int(),
    /** Answered with 5xx. */
    errors: z.int(),
    avg_duration_ms: z.number().nullable(),
  }),
  answers: z.object({
    total: z.int(),
    refused: z.int(),
    cancelled: z.int(),
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    avg_first_token_ms: z.number().nullable(),
    avg_tokens_per_second: z.number().nullable(),
  }),
});
export type MetricsPage = z.infer<typeof MetricsPage>;
