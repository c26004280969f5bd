/** A server like NewsAPI, which misbehaves on request. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export class TestNews {
  readonly asked: { url: string; headers: IncomingHttpHeaders }[] = [];
  /** Answers the next questions, one each; after them `documents` do. */
  readonly next: ((response: ServerResponse) => void)[] = [];
  articles: unknown[] = [];
  url = '';
  private readonly server = createServer(({ url = '', headers }, response) => {
    this.asked.push({ url, headers });
    const answer = this.next.shift() ?? sending(200, { status: 'ok', articles: this.articles });
    answer(response);
  });

  static async start(): Promise<TestNews> {
    const news = new TestNews();
    await new Promise<void>((resolve) => {
      news.server.listen(0, '127.0.0.1', resolve);
    });
    news.url = `http://127.0.0.1:${(news.server.address() as AddressInfo).port}/v2`;
    return news;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }
}

export function sending(status: number, body: unknown, headers: Record<string, string> = {}) {
  return (response: ServerResponse): void => {
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** A head and a beginning, and nothing more. */
export function stalling(response: ServerResponse): void {
  response.writeHead(200).write('{"status":"ok","articles":[');
}
