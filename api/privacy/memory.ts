/** What caches remember of a person, on every level and replica. */
import { Inject, Injectable } from '@nestjs/common';
import type { Peer } from '../../activities/store/store.ports.js';
import { ANSWER_CACHE, type Cache, NEWS_CACHE } from '../chat/cache.ports.js';
import { summed } from './counts.js';
import { MemoryPeers } from './memory.peers.js';

type Counts = Record<string, number>;

@Injectable()
export class Memory {
  constructor(
    @Inject(ANSWER_CACHE) private readonly answers: Cache,
    @Inject(NEWS_CACHE) private readonly news: Cache,
    private readonly peers: MemoryPeers,
  ) {}

  /**
   * What the second look finds came in between: it is gone with it, and counts as left. So does each
   * replica that did not say that it forgot; `notes` name them.
   *
   * @throws {CacheUnavailable} {StoreUnavailable} ask again.
   */
  async forget(login: string): Promise<{ erased: Counts; left: Counts; notes: string[] }> {
    const tag = `user:${login}`;
    const first = await this.look(tag);
    const second = await this.look(tag);
    const left = { ...second.forgotten, silentReplica: second.silent.length };
    return { erased: first.forgotten, left, notes: second.silent.map(noteOf) };
  }

  private async look(tag: string): Promise<{ forgotten: Counts; silent: Peer[] }> {
    const here = {
      cachedAnswer: await this.answers.forget(tag),
      cachedNews: await this.news.forget(tag),
    };
    const { forgotten, silent } = await this.peers.forget(tag);
    return { forgotten: summed([here, ...forgotten]), silent };
  }
}

function noteOf({ number }: Peer): string {
  return (
    `Replica ${number} did not say that its memory forgot cached answers. They expire there within two ` +
    'hours, or go with its process; erase again in a minute to know.'
  );
}
