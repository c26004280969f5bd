/** The memory of all replicas: one asks the others to forget, and each says when it did. */
import { randomUUID } from 'node:crypto';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { wordsOf } from '../../activities/platform/errors.js';
import type { Peer, Replica, Store } from '../../activities/store/store.ports.js';
import { ANSWER_CACHE, type Cache, NEWS_CACHE } from '../chat/cache.ports.js';
import { pause } from '../chat/pause.js';
import { LOG, type Log } from '../platform/log.js';
import { REPLICA, STORE } from '../platform/tokens.js';
import { MEMORY_LIMITS_TOKEN, type MemoryLimits } from './memory.limits.js';
import {
  type Answered,
  type Forget,
  type Forgotten,
  heardAnswered,
  heardForget,
  sayAnswered,
  sayForget,
} from './memory.words.js';

/** Somebody waits for the answers to one word. */
interface Asked {
  answers: Map<number, Forgotten>;
  /** Called with each answer. */
  heard: () => void;
}

@Injectable()
export class MemoryPeers implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly asked = new Map<string, Asked>();
  private stop: (() => Promise<void>) | undefined;

  // Nest hands over what the parameters name, so there are as many as there are parts.
  // oxlint-disable-next-line max-params
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(REPLICA) private readonly replica: Replica,
    @Inject(ANSWER_CACHE) private readonly answers: Cache,
    @Inject(NEWS_CACHE) private readonly news: Cache,
    @Inject(LOG) private readonly log: Log,
    @Inject(MEMORY_LIMITS_TOKEN) private readonly limits: MemoryLimits,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.stop = await this.store.listen((said) => this.heard(said));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  /**
   * Asks every other replica to forget `tag`, and waits for those that live. `silent` are those on
   * record that did not say that they did: their memory may hold it still.
   *
   * @throws {StoreUnavailable}
   */
  async forget(tag: string): Promise<{ forgotten: Forgotten[]; silent: Peer[] }> {
    const { peers } = this.store.chat;
    const others = await peers.others(this.replica.number);
    const living = others.filter(({ isLiving }) => isLiving);
    const [id, answers, over] = [randomUUID(), new Map<number, Forgotten>(), new AbortController()];
    const heard = () => {
      if (living.every(({ number }) => answers.has(number))) over.abort();
    };
    this.asked.set(id, { answers, heard });
    heard();
    try {
      await peers.say(sayForget({ id, tag }));
      await pause(this.limits.answerMs, over.signal);
    } finally {
      this.asked.delete(id);
    }
    const silent = others.filter(({ number }) => !answers.has(number));
    return { forgotten: [...answers.values()], silent: await this.stillThere(silent) };
  }

  /** The memory of a replica that left meanwhile went with it. */
  private async stillThere(silent: Peer[]): Promise<Peer[]> {
    if (silent.length === 0) return [];
    const others = await this.store.chat.peers.others(this.replica.number);
    return silent.filter(({ number }) => others.some((other) => other.number === number));
  }

  private heard(said: string): void {
    // Nobody knows what was to be forgotten meanwhile.
    if (said === 'reconnected') this.forgetHere();
    const forget = heardForget(said);
    if (forget && !this.asked.has(forget.id)) this.obey(forget);
    const answered = heardAnswered(said);
    if (answered) this.listen(answered);
  }

  private obey({ id, tag }: Forget): void {
    const forgotten = this.forgetHere(tag);
    const word = sayAnswered({ id, replica: this.replica.number, forgotten });
    this.store.chat.peers.say(word).catch((error: unknown) => {
      const reason = wordsOf(error);
      this.log.warn(
        { reason },
        'something was forgotten here, and whoever asked could not be told',
      );
    });
  }

  private listen({ id, replica, forgotten }: Answered): void {
    const asked = this.asked.get(id);
    asked?.answers.set(replica, forgotten);
    asked?.heard();
  }

  private forgetHere(tag?: string): Forgotten {
    return { cachedAnswer: this.answers.forgetHere(tag), cachedNews: this.news.forgetHere(tag) };
  }
}
