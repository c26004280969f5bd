/** A small HTTP server that answers as a service does, and misbehaves on request. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  url: string;
  headers: IncomingHttpHeaders;
}

export class TestServer {
  readonly asked: Asked[] = [];
  /** Documents by path and query; whatever is not here is answered 404. */
  readonly documents = new Map<string, unknown>();
  /** Answered instead, as it is. */
  instead: { status: number; text: string } | undefined;
  url = '';
  private readonly server = createServer(({ url = '', headers }, response) => {
    this.asked.push({ url, headers });
    const document = this.documents.get(url);
    const { status, text } = this.instead ?? {
      status: document === undefined ? 404 : 200,
      text: JSON.stringify(document ?? { errors: [] }),
    };
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  });

  static async start(): Promise<TestServer> {
    const server = new TestServer();
    await new Promise<void>((resolve) => {
      server.server.listen(0, '127.0.0.1', resolve);
    });
    server.url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
    return server;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }
}
