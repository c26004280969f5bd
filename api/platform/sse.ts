/** Server-sent events: as fast as the reader reads, a comment when it is quiet, few enough at once. */
import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { userOf } from './auth.js';
import { Busy } from './errors.js';
import { ComeBack, Departures } from './pace.js';

export const STREAM_LIMITS = {
  /** Streams that one process serves at once. */
  all: 500,
  /** Of one user: nobody takes everybody's. */
  perUser: 250,
};

/** `quiet`: nothing happened for a while; keeps proxies from closing the connection. */
export type Sent = { event: string; data: unknown; id: number | string | undefined } | 'quiet';

@Injectable()
export class Streams {
  /** With the login of who reads. */
  private readonly open = new Map<AbortController, string>();
  private readonly departures = new Departures();
  private readonly comeBack = new ComeBack();

  constructor(private readonly limits = STREAM_LIMITS) {}

  /**
   * Sends what `source` yields until it ends or the reader leaves. `source` gets a signal that ends
   * its waits. An error of `source` cuts the connection: the reader comes back with Last-Event-ID.
   *
   * @throws {Busy} when too many streams are open, of all or of this user.
   */
  send(reply: FastifyReply, source: (signal: AbortSignal) => AsyncIterable<Sent>): void {
    const login = userOf(reply.request)?.login ?? '';
    this.mustHaveRoom(login);
    const leaving = new AbortController();
    this.open.set(leaving, login);
    const body = Readable.from(texts(source(leaving.signal)), { objectMode: false });
    body.once('close', () => {
      this.open.delete(leaving);
      this.departures.left();
    });
    reply.raw.once('close', () => leaving.abort());
    reply
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      .type('text/event-stream; charset=utf-8')
      .send(body);
  }

  private mustHaveRoom(login: string): void {
    const { all, perUser } = this.limits;
    const own = [...this.open.values()].filter((one) => one === login).length;
    if (this.open.size < all && own < perUser) return;
    throw new Busy(
      own < perUser
        ? `${all} streams are open already`
        : `${perUser} of your streams are open already`,
      'Close some, or read /logs and /runs/:id instead.',
      this.comeBack.seconds({ ahead: 1, perSecond: this.departures.perSecond() }),
    );
  }

  get count(): number {
    return this.open.size;
  }

  /** Readers must not hold up the end of the process. */
  beforeApplicationShutdown(): void {
    for (const leaving of this.open.keys()) leaving.abort();
  }
}

async function* texts(source: AsyncIterable<Sent>): AsyncGenerator<string> {
  yield 'retry: 1000\n\n';
  for await (const sent of source) {
    if (sent === 'quiet') yield ': quiet\n\n';
    else yield toText(sent);
  }
}

/** Many readers are sent the same event: it is written once, for as long as somebody holds it. */
const written = new WeakMap<Exclude<Sent, 'quiet'>, string>();

function toText(sent: Exclude<Sent, 'quiet'>): string {
  const known = written.get(sent);
  if (known !== undefined) return known;
  const place = sent.id === undefined ? '' : `id: ${sent.id}\n`;
  const text = `event: ${sent.event}\n${place}data: ${JSON.stringify(sent.data)}\n\n`;
  written.set(sent, text);
  return text;
}
