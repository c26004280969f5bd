/** What a model says, tried once more where that does no harm, and never waited for without end. */
import { EngineLost } from '../../activities/platform/model-errors.js';
import type { Piece, Wish } from '../../workflows/domain/chat.js';
import type { Models } from '../chat/model.ports.js';
import { MAX_TRIES } from './limits.js';

export interface Tried {
  models: Pick<Models, 'generate'>;
  wish: Wish;
  signal: AbortSignal;
  silenceSeconds: number;
  /** Told at once; the piece itself comes with the first text. */
  onStarted: (promptTokens: number) => void;
}

/**
 * The pieces of one answer. An engine that is lost is asked once more, and only while nothing was
 * delivered: `started` is held back until there is more to say, so that a lost prompt is read again.
 */
export async function* tried(of: Tried): AsyncGenerator<Piece, void, undefined> {
  for (let attempt = 1; ; attempt++) {
    let isDelivered = false;
    try {
      for await (const piece of oneTry(of)) {
        isDelivered = true;
        yield piece;
      }
      return;
    } catch (error) {
      const mayRepeat = error instanceof EngineLost && !isDelivered && !of.signal.aborted;
      if (!mayRepeat || attempt >= MAX_TRIES) throw error;
    }
  }
}

async function* oneTry({ models, wish, signal, silenceSeconds, onStarted }: Tried) {
  const own = new AbortController();
  const pieces = models.generate(wish, AbortSignal.any([signal, own.signal]));
  let held: Piece | undefined;
  for await (const piece of spoken(pieces, silenceSeconds, own)) {
    if (piece.kind === 'started') {
      held = piece;
      onStarted(piece.promptTokens);
      continue;
    }
    if (held) yield held;
    held = undefined;
    yield piece;
    if (piece.kind === 'done') return;
  }
  throw new EngineLost('the model ended without saying why', 'Ask again.');
}

async function* spoken(pieces: AsyncIterable<Piece>, seconds: number, own: AbortController) {
  const iterator = pieces[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { value, done } = await inTime(iterator.next(), seconds);
      if (done) return;
      yield value;
    }
  } finally {
    own.abort();
    // A model that hangs never answers this either.
    iterator.return?.().catch(() => undefined);
  }
}

async function inTime<T>(promise: Promise<T>, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new EngineLost(`the model said nothing for ${seconds} s`, 'Ask again.');
    timer = setTimeout(() => reject(error), seconds * 1_000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
