/** `Metrics` that remember what they were told. */
import type { Metrics } from './metrics.ports.js';

export class FakeMetrics implements Metrics {
  readonly answers: Parameters<Metrics['answered']>[0][] = [];
  readonly cancels: { state: string; seconds: number }[] = [];
  readonly refusals: string[] = [];
  readonly gauges = new Map<string, Parameters<Metrics['gauge']>[2]>();

  answered(of: Parameters<Metrics['answered']>[0]): void {
    this.answers.push(of);
  }

  cancelled(state: 'queued' | 'prefill' | 'decode', seconds: number): void {
    this.cancels.push({ state, seconds });
  }

  refused(why: string): void {
    this.refusals.push(why);
  }

  gauge(name: string, _help: string, read: Parameters<Metrics['gauge']>[2]): void {
    this.gauges.set(name, read);
  }
}
