/** A server of files that knows ranges and validators, and misbehaves on request. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Served {
  bytes: Buffer;
  /** Null: the server names none. */
  etag: string | null;
  headers?: Record<string, string>;
}

export interface Heard {
  path: string;
  range: string | undefined;
  authorization: string | undefined;
  status: number;
}

export class FileServer {
  readonly files = new Map<string, Served>();
  /** Path to address. */
  readonly redirects = new Map<string, { to: string; headers?: Record<string, string> }>();
  readonly heard: Heard[] = [];
  /** Statuses of the next answers, instead of files. */
  refusals: number[] = [];
  /** Each of the next answers breaks off after so many bytes, when the test has seen them. */
  breaks: number[] = [];
  /** Called before it breaks off, with how far the file was sent. */
  beforeBreak: (sent: number) => Promise<void> = async () => {};
  /** Ranges are not known: the whole file comes each time. */
  ignoresRanges = false;
  /** Bytes after which an answer waits until the test lets it go on. */
  holdAfter: number | undefined;
  url = '';
  private letGo: () => void = () => {};
  private waiting: (() => void)[] = [];
  private readonly server = createServer((request, response) => {
    void this.answer(request, response);
  });

  static async start(): Promise<FileServer> {
    const server = new FileServer();
    await new Promise<void>((resolve) => {
      server.server.listen(0, '127.0.0.1', resolve);
    });
    server.url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
    return server;
  }

  put(path: string, bytes: Buffer, over: Partial<Served> = {}): string {
    this.files.set(path, { bytes, etag: `"${bytes.length}-${bytes.at(-1)}"`, ...over });
    return `${this.url}${path}`;
  }

  /** Resolves when an answer waits at `holdAfter`. */
  held(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  goOn(): void {
    this.holdAfter = undefined;
    this.letGo();
  }

  async stop(): Promise<void> {
    this.letGo();
    this.server.closeAllConnections();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const { range, authorization } = request.headers;
    const note = (status: number) => this.heard.push({ path, range, authorization, status });
    const refusal = this.refusals.shift();
    const redirect = this.redirects.get(path);
    const file = this.files.get(path);
    if (refusal !== undefined || (!redirect && !file)) {
      note(refusal ?? 404);
      response.writeHead(refusal ?? 404).end('no');
    } else if (redirect) {
      note(302);
      response.writeHead(302, { location: redirect.to, ...redirect.headers }).end();
    } else if (file) {
      const { status, body, headers } = this.partOf(file, request);
      note(status);
      response.writeHead(status, headers);
      await this.send(response, body, file.bytes.length - body.length);
    }
  }

  private partOf({ bytes, etag, headers = {} }: Served, request: IncomingMessage) {
    const about = { ...headers, ...(etag === null ? {} : { etag }) };
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? Number.NaN);
    const isOther =
      request.headers['if-range'] !== undefined && request.headers['if-range'] !== etag;
    if (Number.isNaN(from) || isOther || this.ignoresRanges) {
      const length = { 'content-length': String(bytes.length) };
      return { status: 200, body: bytes, headers: { ...about, ...length } };
    }
    if (from >= bytes.length) {
      const range = { 'content-range': `bytes */${bytes.length}` };
      return { status: 416, body: Buffer.alloc(0), headers: { ...about, ...range } };
    }
    const body = bytes.subarray(from);
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    const length = { 'content-length': String(body.length), 'content-range': range };
    return { status: 206, body, headers: { ...about, ...length } };
  }

  private async send(response: ServerResponse, body: Buffer, from: number): Promise<void> {
    const breakAfter = this.breaks.shift();
    if (breakAfter !== undefined && breakAfter < body.length) {
      response.write(body.subarray(0, breakAfter));
      await this.beforeBreak(from + breakAfter);
      response.destroy();
      return;
    }
    if (this.holdAfter !== undefined && this.holdAfter < body.length) {
      const { holdAfter } = this;
      response.write(body.subarray(0, holdAfter));
      await new Promise<void>((resolve) => {
        this.letGo = resolve;
        for (const wake of this.waiting.splice(0)) wake();
      });
      response.end(body.subarray(holdAfter));
      return;
    }
    response.end(body);
  }
}
