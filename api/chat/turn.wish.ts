/** What the record keeps of an answer that is to be made: any replica can make it with that. */
import { z } from 'zod';
import { ModelName } from '../../workflows/domain/chat.js';
import { SamplingWish } from '../client/wire.chat.js';

const NewsInPrompt = z.object({
  title: z.string(),
  source: z.string(),
  url: z.string(),
  publishedAt: z.string(),
  text: z.string(),
});

/** Holds no words of people: those are read from their turns, where they can be erased. */
export const TurnWish = z.object({
  model: ModelName,
  sampling: SamplingWish,
  via: z.enum(['turn', 'ask']),
  news: z.array(NewsInPrompt),
  /** People say who they are in its prompt. */
  isRoom: z.boolean(),
  cancelOnDisconnect: z.boolean(),
  /** The token that asked, where it has a budget of its own: whoever makes the answer keeps to it. */
  key: z
    .object({
      id: z.string(),
      requestsPerMinute: z.int().nullable(),
      tokensPerMinute: z.int().nullable(),
    })
    .optional(),
  /** Goes into the answer's meta as it is: what is known before it is made. */
  meta: z.record(z.string(), z.unknown()),
});
export type TurnWish = z.infer<typeof TurnWish>;
