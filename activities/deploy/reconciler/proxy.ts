/**
 * A stage's stable port: HTTP and WebSocket traffic goes to the instance that serves now.
 *
 * A request belongs to the instance that it was given to; an instance is left alone only when its last
 * request is answered. A request that never reached an instance is given to the next one.
 */
import {
  Agent,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { createProxyServer } from 'http-proxy-3';

const HOST = '127.0.0.1';
/** How long a request waits for an instance that is being started. Milliseconds. */
const HOLD_MS = 5_000;
const FIRST_PAUSE_MS = 20;
/** Longer than any client keeps an idle connection, so that we never close one that is being used. */
const IDLE_CONNECTION_MS = 75_000;
/** Connections that wait, opened, for the next request to one instance. */
const MAX_IDLE_TO_INSTANCE = 32;
/** How long an instance that was replaced may go on answering. Milliseconds. */
const DRAIN = { requestsMs: 30_000, webSocketsMs: 5_000 };
const DRAIN_POLL_MS = 20;

/** An instance as the proxy sees it. */
export interface Upstream {
  readonly port: number;
  requests: number;
  readonly webSockets: Set<Duplex>;
}

export class StageProxy {
  /** True while an instance is being started: requests wait for it instead of being refused. */
  isExpecting = false;
  private current: Upstream | undefined;
  private readonly waiting = new Set<() => void>();
  private readonly upstreams = new Set<Upstream>();
  private readonly agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE_TO_INSTANCE });
  private readonly proxy = createProxyServer({ xfwd: true });

  private constructor(
    private readonly server: Server,
    private readonly stage: string,
    readonly port: number,
  ) {
    server.on('request', (req, res) => void this.answer(req, res));
    server.on('upgrade', (req, socket, head) => void this.upgrade(req, socket, head));
    this.proxy.on('error', () => {}); // Each attempt hears of its own error.
    this.proxy.on('proxyRes', (proxyRes, _req, res) => {
      delete proxyRes.headers.connection; // Between us and the instance only.
      delete proxyRes.headers['keep-alive'];
      proxyRes.once('close', () => {
        if (!proxyRes.complete) res.destroy();
      });
    });
  }

  /** Listens on `wish` when it is free, else on a free port. */
  static async open(stage: string, wish: number): Promise<StageProxy> {
    const server = createServer({ keepAliveTimeout: IDLE_CONNECTION_MS, requestTimeout: 0 });
    const port = await listen(server, wish).catch((error: NodeJS.ErrnoException) => {
      if (wish === 0 || !['EADDRINUSE', 'EACCES'].includes(error.code ?? '')) throw error;
      return listen(server, 0);
    });
    return new StageProxy(server, stage, port);
  }

  get url(): string {
    return `http://${HOST}:${this.port}`;
  }

  /** From here on, new requests go to this port of an instance; null: to nobody. */
  switchTo(port: number | null): Upstream | undefined {
    this.current = port === null ? undefined : { port, requests: 0, webSockets: new Set() };
    if (this.current) this.upstreams.add(this.current);
    this.release();
    return this.current;
  }

  /** The instance is gone: nothing new goes there. */
  lost(upstream: Upstream): void {
    if (this.current === upstream) this.current = undefined;
    this.upstreams.delete(upstream);
  }

  /** Resolves when `upstream`, which was replaced, answers nobody any more; at the latest at the limit. */
  async drain(upstream: Upstream, limits = DRAIN): Promise<void> {
    const started = performance.now();
    const within = (limitMs: number): boolean => performance.now() - started < limitMs;
    while (upstream.webSockets.size > 0 && within(limits.webSocketsMs)) await wait(DRAIN_POLL_MS);
    for (const socket of upstream.webSockets) socket.destroy();
    while (upstream.requests > 0 && within(limits.requestsMs)) await wait(DRAIN_POLL_MS);
    this.upstreams.delete(upstream);
  }

  async close(): Promise<void> {
    this.isExpecting = false;
    this.current = undefined;
    this.release();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    for (const { webSockets } of this.upstreams) for (const socket of webSockets) socket.destroy();
    this.agent.destroy();
    await closed;
  }

  private async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const deadline = performance.now() + HOLD_MS;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
      const upstream = await this.upstream(deadline);
      if (!upstream) return refuse(res, 503, `${this.stage} serves nothing now`);
      const failure = await this.forward(upstream, req, res);
      if (!failure) return;
      if (res.headersSent || res.destroyed) return void res.destroy();
      if (!isReplayable(req) || performance.now() + pauseMs > deadline) {
        return refuse(res, 502, `${this.stage} did not answer: ${failure.message}`);
      }
      await wait(pauseMs);
    }
  }

  /** @returns why the instance did not answer; undefined when the request is over, either way. */
  private forward(
    upstream: Upstream,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<Error | undefined> {
    upstream.requests++;
    return new Promise((resolve) => {
      let isOver = false;
      const over = (failure?: Error): void => {
        if (isOver) return;
        isOver = true;
        upstream.requests--;
        res.off('close', over);
        resolve(failure);
      };
      res.once('close', () => over());
      // A kept connection may be closed by the instance just when we use it. What cannot be sent
      // twice gets a connection of its own.
      const agent = isReplayable(req) ? { agent: this.agent } : {};
      const target = { host: HOST, port: upstream.port, protocol: 'http:' };
      this.proxy.web(req, res, { target, ...agent }, (error) => over(error));
    });
  }

  private async upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const upstream = await this.upstream(performance.now() + HOLD_MS);
    if (!upstream || socket.destroyed) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
      return;
    }
    upstream.webSockets.add(socket);
    socket.once('close', () => upstream.webSockets.delete(socket));
    const target = { host: HOST, port: upstream.port, protocol: 'http:' };
    this.proxy.ws(req, socket, head, { target }, () => socket.destroy());
  }

  private async upstream(deadline: number): Promise<Upstream | undefined> {
    if (!this.current && this.isExpecting) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          clearTimeout(timer);
          this.waiting.delete(go);
          resolve();
        };
        const timer = setTimeout(go, Math.max(0, deadline - performance.now()));
        this.waiting.add(go);
      });
    }
    return this.current;
  }

  private release(): void {
    for (const go of this.waiting) go();
  }
}

/** Sending it twice does the same as sending it once, and there is no body that was read already. */
function isReplayable({ method, headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return false;
  if (Number(headers['content-length'] ?? 0) > 0) return false;
  return ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].includes(method ?? '');
}

function refuse(res: ServerResponse, status: number, text: string): void {
  if (res.destroyed) return;
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '1' });
  res.end(`${text}. See "slipway stages" for why.\n`);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: HOST, exclusive: true }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
