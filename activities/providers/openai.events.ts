/** The events of one answer, one after another, each within its time. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { MayPass } from '../platform/resilience.js';
import { Chunk } from './openai.wire.js';

/** No event of an answer is as long. Characters. */
const MAX_EVENT_CHARS = 4_194_304;

export interface Events {
  /** Undefined at the end, which the server said. @throws {MayPass} when it broke off. */
  next(): Promise<Chunk | undefined>;
  close(): Promise<void>;
}

/** @param idleMs between two events; `signal` ends the answer at once. */
export function eventsOf(
  response: Response,
  { idleMs, signal }: { idleMs: number; signal: AbortSignal },
): Events {
  if (response.body === null) throw new MayPass('the answer has no body');
  const events = response.body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: MAX_EVENT_CHARS }))
    .getReader();
  const cancel = (): void => void events.cancel().catch(() => undefined);
  signal.addEventListener('abort', cancel, { once: true });
  return {
    next: async () => {
      const { done, value } = await inTime(events.read(), idleMs);
      if (done) throw new MayPass('the answer broke off');
      if (value.data === '[DONE]') return undefined;
      const chunk = Chunk.safeParse(jsonOf(value.data));
      if (!chunk.success) throw new MayPass('the answer is not of OpenAI’s form');
      if (chunk.data.error !== undefined && chunk.data.error !== null) {
        throw new MayPass('the server gave up in the middle of the answer');
      }
      return chunk.data;
    },
    close: async () => {
      signal.removeEventListener('abort', cancel);
      await events.cancel().catch(() => undefined);
    },
  };
}

async function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new MayPass(`nothing came for ${limitMs / 1_000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
