/**
 * `Metrics` for Prometheus, in a registry of our own. Nothing in it names a person, a conversation or an
 * address: labels are routes as they are written in the code, models, reasons.
 */
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import type { Metrics } from './metrics.ports.js';

/** Seconds. */
const FIRST_TOKEN_BUCKETS = [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 25, 60];
const TOKEN_GAP_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
const QUEUED_BUCKETS = [0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 20, 40, 60];
/** 0.2 is what is promised. */
const CANCEL_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 5];
const REQUEST_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10, 60];
/** Tokens a second. */
const PACE_BUCKETS = [1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1_280];
/** Different values of one label; what comes after them is counted as `other`. */
const MAX_LABEL_VALUES = 200;
const PREFIX = 'slipway_';

/** One number, with its labels. */
export interface Reading {
  name: string;
  labels: Record<string, string | number>;
  value: number;
}

export class PrometheusMetrics implements Metrics {
  readonly contentType: string;
  private readonly registry = new Registry();
  private readonly gauges = new Map<
    string,
    { help: string; read: Parameters<Metrics['gauge']>[2] }
  >();
  private readonly seen = new Map<string, Set<string>>();
  private readonly answers = this.counter('answers_total', 'Answers', [
    'model',
    'slot',
    'via',
    'reason',
  ]);
  private readonly tokens = this.counter('answer_tokens_total', 'Tokens of answers', [
    'model',
    'slot',
    'kind',
  ]);
  private readonly refusals = this.counter('refusals_total', 'Requests not begun', ['why']);
  private readonly queued = this.histogram(
    'answer_queued_seconds',
    'From the request until its answer was begun',
    { labels: ['model', 'via'], buckets: QUEUED_BUCKETS },
  );
  private readonly firstToken = this.histogram(
    'answer_first_token_seconds',
    'From the request to the first token',
    { labels: ['model', 'slot', 'via'], buckets: FIRST_TOKEN_BUCKETS },
  );
  private readonly tokenGap = this.histogram(
    'answer_token_gap_seconds',
    'Between two tokens, on average over one answer',
    { labels: ['model', 'slot'], buckets: TOKEN_GAP_BUCKETS },
  );
  private readonly pace = this.histogram(
    'answer_tokens_per_second',
    'Of one answer, from its first to its last token',
    { labels: ['model', 'slot'], buckets: PACE_BUCKETS },
  );
  private readonly cancels = this.histogram(
    'answer_cancel_seconds',
    'From the wish to stop until the answer had ended',
    { labels: ['state'], buckets: CANCEL_BUCKETS },
  );
  private readonly requests = this.histogram(
    'http_request_seconds',
    'From the request to the end of its answer; of streams to their beginning',
    { labels: ['method', 'route', 'status'], buckets: REQUEST_BUCKETS },
  );

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.contentType = this.registry.contentType;
  }

  answered(of: Parameters<Metrics['answered']>[0]): void {
    const model = this.label('model', of.model);
    const via = this.label('via', of.via);
    const { slot, completionTokens, decodeSeconds, firstTokenSeconds } = of;
    this.answers.inc({ model, slot, via, reason: this.label('reason', of.reason) });
    this.tokens.inc({ model, slot, kind: 'prompt' }, of.promptTokens);
    this.tokens.inc({ model, slot, kind: 'cached' }, of.cachedTokens);
    this.tokens.inc({ model, slot, kind: 'completion' }, completionTokens);
    this.queued.observe({ model, via }, of.queuedSeconds);
    if (firstTokenSeconds !== null)
      this.firstToken.observe({ model, slot, via }, firstTokenSeconds);
    if (completionTokens < 2 || decodeSeconds <= 0) return;
    this.tokenGap.observe({ model, slot }, decodeSeconds / (completionTokens - 1));
    this.pace.observe({ model, slot }, (completionTokens - 1) / decodeSeconds);
  }

  cancelled(state: 'queued' | 'prefill' | 'decode', seconds: number): void {
    this.cancels.observe({ state }, seconds);
  }

  refused(why: string): void {
    this.refusals.inc({ why: this.label('why', why) });
  }

  gauge(name: string, help: string, read: Parameters<Metrics['gauge']>[2]): void {
    this.gauges.set(prefixed(name), { help, read });
  }

  /** @param route as it is registered, `/api/v1/runs/:id`: never the address that was asked. */
  requested(of: { method: string; route: string; status: number; seconds: number }): void {
    const { method, route, status, seconds } = of;
    this.requests.observe({ method, route: this.label('route', route), status }, seconds);
  }

  /** Everything, in Prometheus' text format. */
  async text(): Promise<string> {
    const [counted, read] = await Promise.all([this.registry.metrics(), this.read().metrics()]);
    return read.trim() === '' ? counted : `${counted}\n${read}`;
  }

  /** Numbers that were counted or measured so far, without what the process says of itself. */
  async readings(): Promise<Reading[]> {
    const counted = (await this.registry.getMetricsAsJSON()).filter(({ name }) =>
      name.startsWith(PREFIX),
    );
    const read = await this.read().getMetricsAsJSON();
    return [...counted, ...read].flatMap(readingsOf);
  }

  /** What gauges say now. One that cannot be read is left out. */
  private read(): Registry {
    const page = new Registry();
    for (const [name, { help, read }] of this.gauges) {
      const values = valuesOf(read).slice(0, MAX_LABEL_VALUES);
      if (values.length === 0) continue;
      const labelNames = [...new Set(values.flatMap(({ labels }) => Object.keys(labels ?? {})))];
      const isCounter = name.endsWith('_total');
      const made = { name, help, labelNames, registers: [page] };
      if (isCounter) {
        const counter = new Counter(made);
        for (const { labels = {}, value } of values) counter.inc(labels, Math.max(0, value));
      } else {
        const gauge = new Gauge(made);
        for (const { labels = {}, value } of values) gauge.set(labels, value);
      }
    }
    return page;
  }

  private counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
  }

  private histogram(
    name: string,
    help: string,
    { labels, buckets }: { labels: string[]; buckets: number[] },
  ): Histogram {
    const registers = [this.registry];
    return new Histogram({ name: PREFIX + name, help, labelNames: labels, buckets, registers });
  }

  /** Keeps a label from having as many values as somebody can think of. */
  private label(name: string, value: string): string {
    const known = this.seen.get(name) ?? new Set();
    this.seen.set(name, known);
    if (!known.has(value) && known.size >= MAX_LABEL_VALUES) return 'other';
    known.add(value);
    return value;
  }
}

function prefixed(name: string): string {
  return name.startsWith(PREFIX) ? name : PREFIX + name;
}

function valuesOf(read: Parameters<Metrics['gauge']>[2]): ReturnType<typeof read> {
  try {
    return read().filter(({ value }) => Number.isFinite(value));
  } catch {
    return [];
  }
}

function readingsOf({ name, values }: MetricObjectWithValues<MetricValue<string>>): Reading[] {
  return values.map((value) => ({
    name: 'metricName' in value ? String(value.metricName) : name,
    labels: value.labels as Reading['labels'],
    value: value.value,
  }));
}
