/** The engines of this replica follow the record: from its start, and after every change by anybody. */
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { wordsOf } from '../../activities/platform/errors.js';
import type { Store } from '../../activities/store/store.ports.js';
import { MODELS, type Models } from '../chat/model.ports.js';
import { Follow } from '../platform/follow.js';
import { LOG, type Log } from '../platform/log.js';
import { STORE } from '../platform/tokens.js';

/** A change that was not heard of is seen this much later. */
const LOOK_EVERY_MS = 300_000;
/** One that could not be followed is tried again: first after this, then ever later, to the most. */
const TRY_AGAIN_MS = 5_000;
const TRY_AGAIN_MOST_MS = 60_000;
/** The doors open when it is known what is served, and after this without: not all questions are for a model. */
export const FIRST_LOOK_MS = 3_000;

@Injectable()
export class ModelsFollower implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ending = new AbortController();
  private following: Promise<void> = Promise.resolve();
  private newest = 0;

  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(MODELS) private readonly models: Models,
    @Inject(LOG) private readonly log: Log,
    private readonly follow: Follow,
  ) {}

  /** Versions up to this one are served, but for names of which the engines say why not. */
  get lookedAt(): number {
    return this.newest;
  }

  async onApplicationBootstrap(): Promise<void> {
    this.following = this.goOn();
    const late = new AbortController();
    await Promise.race([this.models.looked(), pause(FIRST_LOOK_MS, late.signal)]);
    late.abort();
  }

  async onModuleDestroy(): Promise<void> {
    this.ending.abort();
    await this.following;
  }

  private async goOn(): Promise<void> {
    const { signal } = this.ending;
    let againMs = TRY_AGAIN_MS;
    while (!signal.aborted) {
      const bell = await this.follow.bell('models').catch(() => undefined);
      while (bell && !signal.aborted) {
        const isDone = await this.followed();
        const hasChanged = await bell.rings(isDone ? LOOK_EVERY_MS : againMs, signal);
        const isAgain = !isDone && !hasChanged;
        againMs = isAgain ? Math.min(2 * againMs, TRY_AGAIN_MOST_MS) : TRY_AGAIN_MS;
      }
      bell?.remove();
      if (!bell) await pause(TRY_AGAIN_MS, signal);
    }
  }

  private async followed(): Promise<boolean> {
    try {
      const servings = await this.store.chat.models.servings();
      await this.models.follow().finally(() => {
        this.newest = Math.max(this.newest, ...servings.map(({ version }) => version));
      });
      return true;
    } catch (error) {
      if (!this.ending.signal.aborted) {
        this.log.warn(
          { why: wordsOf(error) },
          'the engines could not follow what is served; trying again',
        );
      }
      return false;
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
