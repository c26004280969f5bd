/** What caches remember of a person, on every level and replica. */
import { Inject, Injectable } from '@nestjs/common';
import { ANSWER_CACHE, type Cache, NEWS_CACHE } from '../chat/cache.ports.js';

type Counts = Record<string, number>;

@Injectable()
export class Memory {
  constructor(
    @Inject(ANSWER_CACHE) private readonly answers: Cache,
    @Inject(NEWS_CACHE) private readonly news: Cache,
  ) {}

  /** What the second look finds came in between: it is gone with it, and counts as left. */
  async forget(login: string): Promise<{ erased: Counts; left: Counts }> {
    const tag = `user:${login}`;
    const look = async (): Promise<Counts> => ({
      cachedAnswer: await this.answers.forget(tag),
      cachedNews: await this.news.forget(tag),
    });
    return { erased: await look(), left: await look() };
  }
}
