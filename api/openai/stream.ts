/** Streams as OpenAI sends them: `data:` lines only, as fast as the reader reads. */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { OpenAiError } from '../client/wire.openai.js';

/** Aborted when the client is gone, or has its answer. */
export function untilClosed({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController();
  if (raw.destroyed) left.abort();
  else raw.once('close', () => left.abort());
  return left.signal;
}

/**
 * Waits for the first chunk, so that whatever goes wrong before it is answered with its own number;
 * what goes wrong later is said in the stream.
 *
 * @throws {Error} whatever comes instead of the first chunk.
 */
export async function sendChunks(
  reply: FastifyReply,
  chunks: AsyncGenerator<object, void, undefined>,
  errorOf: (thrown: unknown) => OpenAiError,
): Promise<void> {
  const first = await chunks.next();
  if (reply.sent) return;
  const body = Readable.from(lines(first, chunks, errorOf), { objectMode: false });
  reply
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .type('text/event-stream; charset=utf-8')
    .send(body);
}

async function* lines(
  first: IteratorResult<object, void>,
  chunks: AsyncGenerator<object, void, undefined>,
  errorOf: (thrown: unknown) => OpenAiError,
): AsyncGenerator<string, void, undefined> {
  try {
    if (first.value) yield line(first.value);
    for await (const chunk of chunks) yield line(chunk);
  } catch (thrown) {
    yield line(errorOf(thrown));
  }
  yield 'data: [DONE]\n\n';
}

function line(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
