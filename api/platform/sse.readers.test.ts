import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import { type Sent, Streams } from './sse.js';

/** As much of a reply as a stream needs; what is sent can be read. */
class Reader {
  readonly raw = new PassThrough();
  readonly request = {};
  body: Readable | undefined;
  header = () => this;
  type = () => this;
  send(body: Readable): this {
    this.body = body;
    body.on('error', () => undefined);
    return this;
  }
  get reply(): FastifyReply {
    return this as unknown as FastifyReply;
  }
  async leave(): Promise<void> {
    const closed = once(this.body as Readable, 'close');
    this.body?.destroy();
    await closed;
  }
}

describe('a reader that does not read', () => {
  it('stops its own source, and not that of others', async () => {
    const streams = new Streams();
    let made = 0;
    async function* endless(): AsyncGenerator<Sent> {
      for (;;) yield { event: 'log', data: 'x'.repeat(1_000), id: ++made };
    }
    const slow = new Reader();
    streams.send(slow.reply, endless);
    const quick = new Reader();
    let read = 0;
    streams.send(quick.reply, async function* () {
      for (; read < 1_000; read++) yield { event: 'log', data: 'x'.repeat(1_000), id: read };
    });
    for await (const _text of quick.body as Readable) expect(made).toBeLessThan(100);
    expect(read).toBe(1_000);
    await slow.leave();
  });
});

describe('readers of the same event', () => {
  it('are sent a text that was written once', async () => {
    const streams = new Streams();
    let written = 0;
    const data = { toJSON: () => ++written };
    const event: Sent = { event: 'log', data, id: 7 };
    const texts = [new Reader(), new Reader()].map(async (reader) => {
      streams.send(reader.reply, async function* () {
        yield event;
      });
      let text = '';
      for await (const part of reader.body as Readable) text += String(part);
      return text;
    });
    const both = await Promise.all(texts);
    expect(new Set(both)).toEqual(new Set(['retry: 1000\n\nevent: log\nid: 7\ndata: 1\n\n']));
  });
});
