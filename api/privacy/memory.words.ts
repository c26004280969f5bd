/** What replicas say to each other when somebody is to be forgotten. It travels by `PeersStore.say`. */
import { z } from 'zod';

/** How many entries went, by kind. */
export const Forgotten = z.record(z.string(), z.int().nonnegative());
export type Forgotten = z.infer<typeof Forgotten>;

/** To all: whose entries shall go. */
export const Forget = z.object({ id: z.uuid(), tag: z.string() });
export type Forget = z.infer<typeof Forget>;

/** To whoever asked: they went here. */
export const Answered = z.object({ id: z.uuid(), replica: z.int(), forgotten: Forgotten });
export type Answered = z.infer<typeof Answered>;

const FORGET = 'forget:';
const ANSWERED = 'forgotten:';

export const sayForget = (word: Forget): string => FORGET + JSON.stringify(word);
export const sayAnswered = (word: Answered): string => ANSWERED + JSON.stringify(word);

/** Undefined for what is said about other things, or by another version. */
export const heardForget = (said: string): Forget | undefined => heard(said, FORGET, Forget);
export const heardAnswered = (said: string): Answered | undefined =>
  heard(said, ANSWERED, Answered);

function heard<T>(said: string, prefix: string, schema: z.ZodType<T>): T | undefined {
  if (!said.startsWith(prefix)) return undefined;
  try {
    return schema.safeParse(JSON.parse(said.slice(prefix.length))).data;
  } catch {
    return undefined;
  }
}
