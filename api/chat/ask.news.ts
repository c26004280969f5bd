/** Recent news for a question, or why there are none: a question is answered in either case. */
import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { SlipwayError } from '../../activities/platform/errors.js';
import { type Cache, NEWS_CACHE } from './cache.ports.js';
import { NEWS, type News, type NewsItem } from './news.ports.js';

/** Longest wait for news: an answer without them is better than a late one, milliseconds. */
const NEWS_LIMIT_MS = 5_000;

/** `off`: no key is configured. `down`: they could not be had, `why` is a code. */
export interface NewsFound {
  items: NewsItem[];
  meta: { state: 'on' | 'off' | 'down'; items: number; why?: string };
}

@Injectable()
export class AskNews {
  constructor(
    @Inject(NEWS) private readonly news: News,
    @Inject(NEWS_CACHE) private readonly cache: Cache,
  ) {}

  /** Never throws. */
  async find(question: string): Promise<NewsFound> {
    if (this.news.state === 'off') return { items: [], meta: { state: 'off', items: 0 } };
    try {
      const { value: items } = await this.cache.through(keyOf(question), async () => {
        const limit = AbortSignal.timeout(NEWS_LIMIT_MS);
        return { value: await this.news.recent(question, limit), keep: true };
      });
      return { items, meta: { state: 'on', items: items.length } };
    } catch (error) {
      const why = error instanceof SlipwayError ? error.code : 'unknown';
      return { items: [], meta: { state: 'down', items: 0, why } };
    }
  }
}

/** The same question in other letters has the same news. */
function keyOf(question: string): string {
  const words = question.toLowerCase().replaceAll(/\s+/g, ' ').normalize('NFKC');
  return `news:${createHash('sha256').update(words).digest('hex')}`;
}
