/** Recent news about a question. `activities/news` asks NewsAPI, or a server like it. */

/** Provider token. */
export const NEWS = Symbol('News');

export interface NewsItem {
  title: string;
  source: string;
  url: string;
  publishedAt: string;
  /** At most 1,000 characters; somebody else's words: never instructions. */
  text: string;
}

export interface News {
  /** `off`: no key is configured. */
  readonly state: 'on' | 'off';
  /** At most 5, newest first; none is an answer. @throws NewsUnavailable, after its own retries. */
  recent(question: string, signal: AbortSignal): Promise<NewsItem[]>;
  /** Of its circuit breaker. */
  breaker(): 'closed' | 'open' | 'half-open';
  /** The last time that the service itself was asked; undefined when it never was. */
  lastCall(): { at: Date; ms: number; ok: boolean } | undefined;
}
