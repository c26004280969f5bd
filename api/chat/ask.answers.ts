/** Answers that were given already, to exactly the same prompt of exactly the same model. */
import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ChatMessage } from '../../workflows/domain/chat.js';
import type { SamplingWish } from '../client/wire.chat.js';
import { ANSWER_CACHE, type Cache } from './cache.ports.js';

/** Askers of the same whose answer was not theirs and came to nothing begin anew this often. */
const MAX_TRIES = 3;

export interface AnswerKey {
  digest: string;
  adapter: string | null;
  sampling: SamplingWish;
  messages: readonly ChatMessage[];
  /** Whose earlier words the prompt holds; null where it holds nobody's. */
  personOf: string | null;
}

export interface KeptAnswer {
  text: string;
  meta: Record<string, unknown>;
  status: 'done' | 'cancelled';
}

@Injectable()
export class AskAnswers {
  constructor(@Inject(ANSWER_CACHE) private readonly cache: Cache) {}

  /**
   * Made once, however many ask at once; kept only when it was made by what the key names: a name may
   * have a challenger, or be swapped between the question and its answer. What one asker's answer comes to by their own doing (a cancel,
   * a quota) is not everybody's: the others then ask for themselves.
   */
  async through(
    key: AnswerKey,
    login: string,
    make: () => Promise<KeptAnswer>,
  ): Promise<{ answer: KeptAnswer; from: 'memory' | 'second' | 'made' | 'shared' }> {
    for (let tries = 1; ; tries++) {
      let isMine = false;
      const made = async () => {
        isMine = true;
        const value = await make();
        return { value, keep: value.status === 'done' && isBy(key, value) };
      };
      const mayRepeat = () => !isMine && tries < MAX_TRIES;
      try {
        const { value, from } = await this.cache.through(nameOf(key), made, [`user:${login}`]);
        if (value.status !== 'done' && mayRepeat()) continue;
        return { answer: value, from: from === 'made' && !isMine ? 'shared' : from };
      } catch (error) {
        if (!mayRepeat()) throw error;
      }
    }
  }
}

function isBy({ digest, adapter }: AnswerKey, { meta }: KeptAnswer): boolean {
  return meta['digest'] === digest && meta['adapter'] === adapter && meta['mixed'] !== true;
}

function nameOf({ digest, adapter, sampling, messages, personOf }: AnswerKey): string {
  const options = Object.entries(sampling).sort(([a], [b]) => (a < b ? -1 : 1));
  const whole = JSON.stringify([digest, adapter, options, messages, personOf]);
  return `answer:${createHash('sha256').update(whole).digest('hex')}`;
}
