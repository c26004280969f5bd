/** Server-sent events: as fast as the reader reads, a comment when it is quiet, few enough at once. */
import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Unavailable } from './errors.js';

/** Streams that one process serves at once. */
const MAX_STREAMS = 500;

/** `quiet`: nothing happened for a while; keeps proxies from closing the connection. */
export type Sent = { event: string; data: unknown; id: number | undefined } | 'quiet';

@Injectable()
export class Streams {
  private readonly open = new Set<AbortController>();

  /**
   * Sends what `source` yields until it ends or the reader leaves. `source` gets a signal that ends
   * its waits. An error of `source` cuts the connection: the reader comes back with Last-Event-ID.
   *
   * @throws {Unavailable} when too many streams are open.
   */
  send(reply: FastifyReply, source: (signal: AbortSignal) => AsyncIterable<Sent>): void {
    if (this.open.size >= MAX_STREAMS) {
      throw new Unavailable(
        `${MAX_STREAMS} streams are open already`,
        'Close some, or read /logs and /runs/:id instead.',
      );
    }
    const leaving = new AbortController();
    this.open.add(leaving);
    const body = Readable.from(texts(source(leaving.signal)), { objectMode: false });
    body.once('close', () => this.open.delete(leaving));
    reply.raw.once('close', () => leaving.abort());
    reply
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      .type('text/event-stream; charset=utf-8')
      .send(body);
  }

  get count(): number {
    return this.open.size;
  }

  /** Readers must not hold up the end of the process. */
  beforeApplicationShutdown(): void {
    for (const leaving of this.open) leaving.abort();
  }
}

async function* texts(source: AsyncIterable<Sent>): AsyncGenerator<string> {
  yield 'retry: 1000\n\n';
  for await (const sent of source) {
    if (sent === 'quiet') yield ': quiet\n\n';
    else yield toText(sent);
  }
}

function toText({ event, data, id }: Exclude<Sent, 'quiet'>): string {
  const place = id === undefined ? '' : `id: ${id}\n`;
  return `event: ${event}\n${place}data: ${JSON.stringify(data)}\n\n`;
}
