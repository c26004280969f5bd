import { describe, expect, it } from '@jest/globals';
import { PrometheusMetrics } from './metrics.js';

const answer = {
  model: 'qwen',
  slot: 'champion' as const,
  via: 'ask',
  reason: 'stop',
  promptTokens: 100,
  cachedTokens: 40,
  completionTokens: 11,
  queuedSeconds: 0.3,
  firstTokenSeconds: 0.7,
  decodeSeconds: 2,
};

describe('metrics', () => {
  it('of an answer are its times, its pace and its tokens', async () => {
    const metrics = new PrometheusMetrics();
    metrics.answered(answer);
    metrics.answered({
      ...answer,
      reason: 'cancelled',
      firstTokenSeconds: null,
      completionTokens: 0,
    });
    const text = await metrics.text();
    for (const line of [
      'slipway_answers_total{model="qwen",slot="champion",via="ask",reason="stop"} 1',
      'slipway_answer_tokens_total{model="qwen",slot="champion",kind="prompt"} 200',
      'slipway_answer_tokens_total{model="qwen",slot="champion",kind="cached"} 80',
      'slipway_answer_tokens_total{model="qwen",slot="champion",kind="completion"} 11',
      'slipway_answer_first_token_seconds_sum{model="qwen",slot="champion",via="ask"} 0.7',
      'slipway_answer_first_token_seconds_count{model="qwen",slot="champion",via="ask"} 1',
      'slipway_answer_queued_seconds_count{model="qwen",via="ask"} 2',
      'slipway_answer_token_gap_seconds_sum{model="qwen",slot="champion"} 0.2',
      'slipway_answer_tokens_per_second_sum{model="qwen",slot="champion"} 5',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });

  it('tell whether a cancel kept its promise of 200 ms', async () => {
    const metrics = new PrometheusMetrics();
    metrics.cancelled('prefill', 0.15);
    metrics.cancelled('prefill', 0.25);
    const text = await metrics.text();
    expect(text).toContain('slipway_answer_cancel_seconds_bucket{le="0.2",state="prefill"} 1');
    expect(text).toContain('slipway_answer_cancel_seconds_count{state="prefill"} 2');
  });

  it('are read when somebody looks, and a part that cannot say is left out', async () => {
    const metrics = new PrometheusMetrics();
    let waiting = 1;
    metrics.gauge('queue', 'Waiting', () => [{ value: waiting }]);
    metrics.gauge('slipway_hits_total', 'Hits', () => [
      { labels: { cache: 'news' }, value: 7 },
      { labels: { cache: 'answers' }, value: Number.NaN },
    ]);
    metrics.gauge('broken', 'Broken', () => {
      throw new Error('away');
    });
    waiting = 3;
    const text = await metrics.text();
    expect(text).toContain('slipway_queue 3');
    expect(text).toContain('# TYPE slipway_hits_total counter\nslipway_hits_total{cache="news"} 7');
    expect(text).not.toMatch(/NaN 1|broken \d|cache="answers"/i);
    metrics.gauge('queue', 'Waiting', () => []);
    expect(await metrics.text()).not.toContain('slipway_queue 3');
  });

  it('never have more labels than fit, whatever names come', async () => {
    const metrics = new PrometheusMetrics();
    for (let count = 0; count < 1_000; count++) metrics.refused(`why "${count}"\n`);
    const lines = (await metrics.text())
      .split('\n')
      .filter((one) => one.startsWith('slipway_refusals'));
    expect(lines).toHaveLength(201);
    expect(lines).toContain('slipway_refusals_total{why="other"} 800');
  });

  it('say how the process itself is, and two of them do not disturb each other', async () => {
    const [one, two] = [new PrometheusMetrics(), new PrometheusMetrics()];
    one.refused('quota');
    const [text, other] = [await one.text(), await two.text()];
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(text).toMatch(/^process_resident_memory_bytes /m);
    expect(other).not.toContain('why="quota"');
    expect(text.endsWith('\n')).toBe(true);
    const names = text.split('\n').flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);
    expect(new Set(names).size).toBe(names.length);
  });
});
