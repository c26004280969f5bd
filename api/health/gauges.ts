/** What Prometheus reads when it looks: caches, breakers, engines, open streams, services. */
import type { Metrics } from '../platform/metrics.ports.js';
import type { ChatParts } from '../platform/parts.js';
import type { Streams } from '../platform/sse.js';
import type { HealthService } from './health.service.js';

type Readings = ReturnType<Parameters<Metrics['gauge']>[2]>;
type EngineNumber = (
  engine: ReturnType<ChatParts['models']['engines']>[number],
) => number | undefined;

const BREAKER = { closed: 0, 'half-open': 1, open: 2 } as const;
const HEALTHY = { healthy: 1, degraded: 0.5, unhealthy: 0 } as const;

export function showProcess(
  metrics: Pick<Metrics, 'gauge'>,
  { streams, health }: { streams: Pick<Streams, 'count'>; health: Pick<HealthService, 'known'> },
): void {
  metrics.gauge('streams_open', 'Server-sent event streams', () => [{ value: streams.count }]);
  metrics.gauge('service_up', 'As of the last check: 1 healthy, 0.5 degraded, 0 unhealthy', () =>
    Object.entries(health.known()?.services ?? {}).flatMap(([service, { status }]) =>
      status === 'off' ? [] : [{ labels: { service }, value: HEALTHY[status] }],
    ),
  );
}

export function showChat(metrics: Pick<Metrics, 'gauge'>, chat: ChatParts): void {
  showCaches(metrics, chat);
  showEngines(metrics, chat);
  metrics.gauge('breaker_state', '0 closed, 1 half-open, 2 open', () => {
    const states = {
      newsapi: chat.news.breaker(),
      redis: chat.answerCache.stats().breaker,
      models: chat.models.engines().find(({ breaker }) => breaker !== undefined)?.breaker,
    };
    return Object.entries(states).flatMap(([service, state]) =>
      state === undefined ? [] : [{ labels: { service }, value: BREAKER[state] }],
    );
  });
}

function showCaches(metrics: Pick<Metrics, 'gauge'>, { newsCache, answerCache }: ChatParts): void {
  const of = (number: (stats: ReturnType<typeof newsCache.stats>) => number) => (): Readings => [
    { labels: { cache: 'news' }, value: number(newsCache.stats()) },
    { labels: { cache: 'answers' }, value: number(answerCache.stats()) },
  ];
  metrics.gauge(
    'cache_hits_total',
    'Found in either level',
    of(({ hits }) => hits),
  );
  metrics.gauge(
    'cache_second_hits_total',
    'Found in Redis',
    of(({ secondHits }) => secondHits),
  );
  metrics.gauge(
    'cache_misses_total',
    'Made anew',
    of(({ misses }) => misses),
  );
  metrics.gauge(
    'cache_evictions_total',
    'Made room for others',
    of(({ evictions }) => evictions),
  );
  metrics.gauge(
    'cache_shared_total',
    'Waited for the same',
    of(({ shared }) => shared),
  );
  metrics.gauge(
    'cache_entries',
    'In memory',
    of(({ entries }) => entries),
  );
}

function showEngines(metrics: Pick<Metrics, 'gauge'>, { models }: ChatParts): void {
  const of = (number: EngineNumber) => (): Readings =>
    models.engines().flatMap((engine) => {
      const value = number(engine);
      const [labels] = labelsOf(engine);
      return value === undefined ? [] : [{ labels, value }];
    });
  metrics.gauge('engine_up', 'Ready to answer, by all that it serves', () =>
    models.engines().flatMap((engine) => {
      const value = engine.state === 'ready' ? 1 : 0;
      return labelsOf(engine).map((labels) => ({ labels, value }));
    }),
  );
  metrics.gauge(
    'engine_restarts_total',
    'Engines that ended',
    of(({ restarts }) => restarts),
  );
  metrics.gauge(
    'engine_memory_bytes',
    'Anonymous and swapped',
    of((one) => one.memoryBytes),
  );
  metrics.gauge(
    'engine_gpu_memory_bytes',
    'Of the GPU',
    of((one) => one.gpuMemoryBytes),
  );
  const heartbeat: EngineNumber = ({ heartbeatMs }) =>
    heartbeatMs === undefined ? undefined : heartbeatMs / 1_000;
  metrics.gauge('engine_heartbeat_seconds', 'One token, lately', of(heartbeat));
  metrics.gauge('engine_slots_busy', 'Answers that are made', () =>
    models.served().map(({ name }) => ({ labels: { model: name }, value: models.load(name).busy })),
  );
}

type EngineLabels = Record<'model' | 'slot' | 'device', string>;

/** One for each slot of a name that it serves; no two engines serve the same. */
function labelsOf({
  model,
  device,
  serves,
}: Parameters<EngineNumber>[0]): [EngineLabels, ...EngineLabels[]] {
  const [first, ...rest] = serves.map((one) => ({ model: one.model, slot: one.slot, device }));
  return first === undefined ? [{ model, slot: 'none', device }] : [first, ...rest];
}
