/** One open WebSocket: who it is, what it follows, and what it has seen. */
import type { WebSocket } from 'ws';
import type { FromServer } from '../client/wire.socket.js';
import type { User } from '../platform/auth.js';

/** What is on its way is given this long when the process ends, milliseconds. */
const CLOSE_LIMIT_MS = 1_000;

export class ChatSocket {
  user: User | undefined;
  /** Kept to look whether it is still good. */
  token = '';
  /** Answered the last ping. */
  isAlive = true;
  /** Since the last tick. */
  messages = 0;
  /** Carried out one after the other. */
  work: Promise<void> = Promise.resolve();
  waiting = 0;
  readonly openedAt = performance.now();
  /** Conversations that it follows. */
  readonly joined = new Set<string>();

  constructor(
    private readonly ws: WebSocket,
    /** The client's. */
    readonly address: string,
    private readonly maxBufferedBytes: number,
  ) {}

  /** Empty until it is known. */
  get login(): string {
    return this.user?.login ?? '';
  }

  get isOpen(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  send(message: FromServer): void {
    this.sendText(JSON.stringify(message));
  }

  /** A client that takes nothing is not waited for: it comes back and goes on where it was. */
  sendText(text: string): void {
    if (!this.isOpen) return;
    if (this.ws.bufferedAmount > this.maxBufferedBytes) this.ws.terminate();
    else this.ws.send(text);
  }

  /** Resolves when the system has taken it, or the socket is closed: for much at once, page by page. */
  async sendAll(message: FromServer): Promise<void> {
    if (!this.isOpen) return;
    await new Promise<void>((resolve) => this.ws.send(JSON.stringify(message), () => resolve()));
  }

  ping(): void {
    this.isAlive = false;
    this.ws.ping();
  }

  close(code: number, reason: string): void {
    this.ws.close(code, reason);
    setTimeout(() => this.ws.terminate(), CLOSE_LIMIT_MS).unref();
  }

  terminate(): void {
    this.ws.terminate();
  }
}
