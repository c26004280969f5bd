import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Served } from '../chat/model.ports.js';
import { createClient } from '../client/client.js';
import { Health, Liveness, MetricsPage, Readiness } from '../client/wire.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { HealthService } from './health.service.js';
import { prefersJson } from './metrics.controller.js';

let api: TestApi;
let service: HealthService;
beforeAll(async () => {
  api = await startTestApi();
  const make = async () => ({ value: 'news', keep: true });
  for (let count = 0; count < 4; count++) await api.chat.newsCache.through('a', make);
  service = api.app.get(HealthService, { strict: false });
});
afterAll(() => api.close());
beforeEach(() => {
  const { news, tickets } = api.chat;
  Object.assign(news, { state: 'on', trouble: undefined, lastCall: () => undefined });
  Object.assign(tickets, { trouble: undefined });
  api.workflows.trouble = undefined;
  service.clear();
});

const open = (path: string, headers: Record<string, string> = {}) =>
  api.ask(path, { token: '', headers });

describe('health', () => {
  it('names every part, the machine and the caches', async () => {
    const { status, json } = await open('/health');
    expect(status).toBe(200);
    const health = Health.parse(json);
    expect(health.status).toBe('healthy');
    expect(Object.keys(health.services).sort()).toEqual(
      ['database', 'model', 'newsapi', 'redis', 'temporal', 'tickets'].sort(),
    );
    expect(health.services['database']).toMatchObject({
      status: 'healthy',
      response_time_ms: expect.any(Number),
      last_check: expect.any(String),
    });
    expect(health.services['model']).toMatchObject({ toy: true, test_generation: 'not_run' });
    expect(health.system.memory.percentage).toBeGreaterThan(0);
    expect(health.system.memory_usage_mb).toBeGreaterThan(1);
    expect(health.cache_stats['news_cache']).toMatchObject({ hits: 3, misses: 1, hit_rate: 0.75 });
  });

  it('is degraded, and the process ready, without what answers can do without', async () => {
    const at = new Date('2026-11-20T09:30:00Z');
    const lastCall = () => ({ at, ms: 250, ok: false });
    Object.assign(api.chat.news, { trouble: new Error('away'), lastCall });
    const { status, json } = await open('/health');
    expect([status, json.status]).toEqual([200, 'degraded']);
    expect(json.services.newsapi).toMatchObject({
      status: 'unhealthy',
      critical: false,
      breaker: 'open',
      response_time_ms: 250,
      last_check: at.toISOString(),
    });
    expect((await open('/health/ready')).status).toBe(200);
    api.chat.news.state = 'off';
    service.clear();
    expect((await open('/health')).json).toMatchObject({
      status: 'healthy',
      services: { newsapi: { status: 'off' } },
    });
    expect(api.chat.news.asked).toEqual([]);
  });

  it('is unhealthy, and the process unready, without a critical part', async () => {
    Object.assign(api.chat.tickets, { trouble: new Error('table not found') });
    const { status, json } = await open('/health');
    expect([status, json.status]).toEqual([503, 'unhealthy']);
    expect(json.services.tickets.message).toContain('table not found');
    const ready = await open('/health/ready');
    expect([ready.status, Readiness.parse(ready.json).status]).toEqual([503, 'unready']);
    expect(Object.keys(ready.json.services)).not.toContain('newsapi');
    expect((await open('/health/live')).status).toBe(200);
  });

  it('asks every part once a second at most, however many want to know', async () => {
    let asked = 0;
    const { tickets } = api.chat;
    const ping = tickets.ping.bind(tickets);
    tickets.ping = async () => {
      asked++;
      return ping();
    };
    const answers = await Promise.all(Array.from({ length: 200 }, () => open('/health')));
    tickets.ping = ping;
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(asked).toBe(1);
  });

  it('is told to the typed client too', async () => {
    const client = createClient({ url: await api.listen() });
    expect((await client.health()).status).toBe('healthy');
    expect((await client.readiness()).status).toBe('ready');
    expect((await client.liveness()).status).toBe('alive');
    expect((await client.metrics()).requests.total).toBeGreaterThan(0);
  });
});

describe('liveness', () => {
  it('asks nobody else', async () => {
    api.workflows.trouble = new Error('away');
    const { status, json } = await open('/health/live');
    expect([status, Liveness.parse(json).status]).toEqual([200, 'alive']);
  });
});

describe('metrics', () => {
  it('are text for Prometheus, whatever it says that it understands', async () => {
    const prometheus =
      'application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
    for (const accept of ['', '*/*', 'text/plain', prometheus, 'application/json;q=0, */*']) {
      const { status, headers, text } = await open('/metrics', accept === '' ? {} : { accept });
      expect([status, headers['content-type']]).toEqual([
        200,
        'text/plain; version=0.0.4; charset=utf-8',
      ]);
      expect(text).toMatch(/^# HELP /);
    }
  });

  it('count requests by the route, and never by what was asked for', async () => {
    await api.ask('/api/v1/runs/a-secret-name');
    await open('/a-secret-address?token=secret');
    const { text } = await open('/metrics');
    expect(text).toMatch(
      /slipway_http_request_seconds_count\{method="GET",route="\/api\/v1\/runs\/:id",status="404"\} 1/,
    );
    expect(text).toMatch(/route="none",status="404"\} \d/);
    expect(text).not.toContain('secret');
  });

  it('show caches, breakers, engines, streams and parts', async () => {
    await open('/health');
    const { text } = await open('/metrics');
    for (const line of [
      'slipway_cache_hits_total{cache="news"} 3',
      'slipway_breaker_state{service="newsapi"} 0',
      'slipway_engine_slots_busy{model="fake"} 0',
      'slipway_streams_open 0',
      'slipway_service_up{service="database"} 1',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m);
  });

  it('tell the two slots of a name apart, also where they share an engine', async () => {
    const [champion, challenger] = (['champion', 'challenger'] as const).map((slot) => ({
      ...{ model: 'fake', slot, digest: 'sha256:1', adapter: null },
    })) as [Served, Served];
    const state = {
      ...{ model: 'fake', device: 'cpu', isFallback: false, gpuMemoryBytes: undefined },
      ...{ memoryBytes: undefined, heartbeatMs: undefined },
    };
    const { models, answerCache } = api.chat;
    models.states = [
      { ...state, serves: [champion], state: 'ready', restarts: 0 },
      { ...state, serves: [challenger], state: 'failed', restarts: 6, breaker: 'half-open' },
    ];
    answerCache.breaker = 'open';
    const apart = (await open('/metrics')).text.split('\n');
    models.states = [{ ...state, serves: [champion, challenger], state: 'ready', restarts: 2 }];
    answerCache.breaker = undefined;
    const together = (await open('/metrics')).text.split('\n');
    models.states = [];
    const at = (slot: string) => `{model="fake",slot="${slot}",device="cpu"}`;
    expect(apart).toEqual(
      expect.arrayContaining([
        `slipway_engine_up${at('champion')} 1`,
        `slipway_engine_up${at('challenger')} 0`,
        `slipway_engine_restarts_total${at('challenger')} 6`,
        'slipway_breaker_state{service="models"} 1',
        'slipway_breaker_state{service="redis"} 2',
      ]),
    );
    expect(together).toContain(`slipway_engine_up${at('challenger')} 1`);
    expect(together.filter((line) => line.startsWith('slipway_engine_restarts_total'))).toEqual([
      `slipway_engine_restarts_total${at('champion')} 2`,
    ]);
    expect(together.join()).not.toMatch(/breaker_state\{service="(models|redis)"/);
  });

  it('are JSON for who asks for it', async () => {
    const { status, json } = await open('/metrics', { accept: 'application/json' });
    expect(status).toBe(200);
    const page = MetricsPage.parse(json);
    expect(page.cache_stats).toMatchObject({
      total_hits: 3,
      total_misses: 1,
      hit_rate_percent: 75,
    });
    expect(page.health_summary['database']?.avg_response_time_ms).toEqual(expect.any(Number));
    expect(page.requests.total).toBeGreaterThan(0);
  });

  it.each([
    ['application/json', true],
    ['application/json, text/plain;q=0.5', true],
    ['text/plain, application/json;q=0.9', false],
    ['text/html,*/*', false],
    ['application/json;q=x', false],
    ['', false],
  ])('take %j for a wish for JSON: %j', (accept, isWanted) => {
    expect(prefersJson(accept)).toBe(isWanted);
  });
});
