/** NewsAPI, or a server like it: recent articles about a question. The shape is that of `api/chat/news.ports.ts`. */
import { readFile } from 'node:fs/promises';
import { SlipwayError } from '../platform/errors.js';
import {
  type BreakerState,
  MayPass,
  type Resilience,
  resilient,
  type ServiceLimits,
} from '../platform/resilience.js';
import { itemsOf, MAX_ITEMS, type NewsItem } from './articles.js';
import { askNews } from './ask.js';
import { NewsUnavailable } from './errors.js';
import { searchFor } from './question.js';

/** An answer waits for its news: not long. */
export const NEWS_SERVICE_LIMITS: Partial<ServiceLimits> = {
  attemptMs: 3_000,
  callMs: 6_000,
  longestPauseMs: 1_000,
};

/** Of the service itself: caches and questions without telling words do not come so far. */
export interface NewsCall {
  at: Date;
  ms: number;
  ok: boolean;
}

export interface NewsOptions {
  /** Base, `https://newsapi.org/v2`. */
  url: string;
  /** Read for each question, so that a key can be changed. */
  keyFile: string;
  limits?: Partial<ServiceLimits>;
}

export class NewsApi {
  readonly state = 'on';
  private readonly guard: Resilience;
  private last: NewsCall | undefined;

  constructor(private readonly options: NewsOptions) {
    this.guard = resilient('NewsAPI', { ...NEWS_SERVICE_LIMITS, ...options.limits });
  }

  /** At most 5, newest first. @throws {NewsUnavailable} after its own retries. The signal's reason. */
  async recent(question: string, signal: AbortSignal): Promise<NewsItem[]> {
    const { query, language } = searchFor(question);
    if (query === '') return [];
    const address = this.address(query, language);
    const key = await this.key();
    try {
      return await this.guard.call((ends) => this.once(address, key, ends), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof NewsUnavailable) throw error;
      if (error instanceof SlipwayError) throw new NewsUnavailable(error.message, error.help);
      if (!(error instanceof MayPass)) throw error;
      throw new NewsUnavailable(error.message, 'It is asked again with the next question.', {
        cause: error,
      });
    }
  }

  breaker(): BreakerState {
    return this.guard.state();
  }

  lastCall(): NewsCall | undefined {
    return this.last;
  }

  private async once(address: URL, key: string, signal: AbortSignal): Promise<NewsItem[]> {
    const begun = performance.now();
    let ok = false;
    try {
      const items = itemsOf(await askNews(address, key, signal));
      if (items === undefined) throw new MayPass('NewsAPI answered something else than articles');
      ok = true;
      return items;
    } finally {
      this.last = { at: new Date(), ms: performance.now() - begun, ok };
    }
  }

  private address(query: string, language: string | undefined): URL {
    const base = this.options.url.replace(/\/+$/, '');
    const asked = { q: query, sortBy: 'publishedAt', pageSize: String(MAX_ITEMS) };
    const search = new URLSearchParams({ ...asked, ...(language ? { language } : {}) });
    return new URL(`${base}/everything?${search.toString()}`);
  }

  private async key(): Promise<string> {
    const { keyFile } = this.options;
    const help = 'Put a key of NewsAPI in it, or leave SLIPWAY_NEWS_KEY_FILE empty.';
    const key = await readFile(keyFile, 'utf8').catch((cause: unknown) => {
      const message = `the file "${keyFile}" with the key of NewsAPI cannot be read`;
      throw new NewsUnavailable(message, help, { cause });
    });
    if (/^[\x21-\x7e]+$/.test(key.trim())) return key.trim();
    throw new NewsUnavailable(`the file "${keyFile}" holds no key of NewsAPI`, help);
  }
}

/** Nobody is asked, and there is no news. */
export class NoNews {
  readonly state = 'off';

  async recent(): Promise<NewsItem[]> {
    return [];
  }

  breaker(): BreakerState {
    return 'closed';
  }

  lastCall(): NewsCall | undefined {
    return undefined;
  }
}
