/** News that a test wrote. They misbehave on request. */
import type { News, NewsItem } from './news.ports.js';

export class FakeNews implements News {
  state: News['state'] = 'on';
  items: NewsItem[] = [];
  readonly asked: string[] = [];
  /** Thrown by every call until it is taken back. */
  trouble: Error | undefined;

  async recent(question: string): Promise<NewsItem[]> {
    this.asked.push(question);
    if (this.trouble) throw this.trouble;
    return this.items;
  }

  breaker(): 'closed' | 'open' {
    return this.trouble ? 'open' : 'closed';
  }

  lastCall(): ReturnType<News['lastCall']> {
    return undefined;
  }
}
