/** A server that speaks OpenAI's API, and misbehaves on request. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Heard {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: tests look into requests of many shapes.
  body: any;
  /** Whoever asked went away before the answer was over. */
  isCut: boolean;
}

export interface Refusal {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Events of an answer; `break` cuts the line there, `hang` waits for ever. */
export type Said = object | string;

export class OpenAiTestServer {
  readonly heard: Heard[] = [];
  /** Of the next answers, instead of what was asked for. */
  refusals: Refusal[] = [];
  /** Connections that are cut without an answer. */
  cuts = 0;
  events: Said[] = [];
  documents: Record<string, unknown> = {};
  url = '';
  private readonly server = createServer((request, response) => {
    void this.answer(request, response);
  });

  static async start(): Promise<OpenAiTestServer> {
    const server = new OpenAiTestServer();
    await new Promise<void>((resolve) => {
      server.server.listen(0, '127.0.0.1', resolve);
    });
    server.url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
    return server;
  }

  /** A text, word by word, as most servers send it. */
  says(text: string, finish = 'stop'): void {
    const words = text.match(/\s*\S+/g) ?? [];
    this.events = [
      chunk({ role: 'assistant', content: null }),
      ...words.map((content) => chunk({ content })),
      { choices: [{ index: 0, delta: {}, finish_reason: finish }] },
      {
        choices: [],
        usage: {
          prompt_tokens: 11,
          completion_tokens: words.length,
          prompt_tokens_details: { cached_tokens: 3 },
        },
      },
      '[DONE]',
    ];
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) chunks.push(piece);
    const text = Buffer.concat(chunks).toString('utf8');
    const { method = '', url = '', headers } = request;
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const heard: Heard = { method, url, headers, body, isCut: false };
    response.once('close', () => {
      heard.isCut = !response.writableFinished;
    });
    this.heard.push(heard);
    if (this.cuts > 0) {
      this.cuts--;
      response.destroy();
      return;
    }
    const refusal = this.refusals.shift();
    const document = this.documents[url.split('?')[0] ?? ''];
    if (refusal) {
      const said = refusal.body ?? { error: { message: 'no', code: null, param: null } };
      response.writeHead(refusal.status, refusal.headers).end(JSON.stringify(said));
    } else if (document !== undefined) {
      response.end(typeof document === 'string' ? document : JSON.stringify(document));
    } else await this.stream(response);
  }

  private async stream(response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    for (const event of this.events) {
      if (event === 'hang') return;
      if (event === 'break') {
        response.destroy();
        return;
      }
      const data = typeof event === 'string' ? event : JSON.stringify(event);
      // Each by itself: what is written just before the line is cut may not arrive.
      await new Promise((resolve) => response.write(`data: ${data}\n\n`, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  }
}

export function chunk(delta: object, rest: object = {}): object {
  return { id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta, ...rest }] };
}
