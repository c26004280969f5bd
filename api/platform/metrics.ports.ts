/** What is counted of answers, and by whom it is shown: `api/health` gives it to Prometheus. */

/** Provider token. */
export const METRICS = Symbol('Metrics');

/** Durations in seconds. Labels come from small fixed sets: a model that is served, a door, a reason. */
export interface Metrics {
  answered(of: {
    model: string;
    /** `none`: nothing had begun to answer. */
    slot: 'champion' | 'challenger' | 'none';
    via: string;
    reason: string;
    promptTokens: number;
    cachedTokens: number;
    completionTokens: number;
    queuedSeconds: number;
    firstTokenSeconds: number | null;
    /** Between its first and its last token. */
    decodeSeconds: number;
  }): void;
  /** From the wish to stop until the answer had ended; `state` is what it was doing. */
  cancelled(state: 'queued' | 'prefill' | 'decode', seconds: number): void;
  /** A request that was not begun: `quota`, `queue-full`, `too-slow`, `draining`. */
  refused(why: string): void;
  /**
   * Read when somebody looks; a new one of the same name replaces it. `slipway_` comes before its name;
   * one that ends with `_total` only grows, and is shown as a counter.
   */
  gauge(
    name: string,
    help: string,
    read: () => { labels?: Record<string, string>; value: number }[],
  ): void;
}
