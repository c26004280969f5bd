/** All open sockets of this process: who they are, how many, and the one timer that watches them. */
import { Inject, Injectable } from '@nestjs/common';
import type { WebSocket } from 'ws';
import { type FromClient, SOCKET_CLOSES } from '../client/wire.socket.js';
import { Authenticator, may, type User } from '../platform/auth.js';
import { BadInput, Busy, Refused, TooManyFailures } from '../platform/errors.js';
import { LOG, type Log } from '../platform/log.js';
import { METRICS, type Metrics } from '../platform/metrics.ports.js';
import { Rooms } from './rooms.js';
import { ChatSocket } from './socket.js';
import { SOCKET_LIMITS_TOKEN, type SocketLimits } from './socket.limits.js';
import { SocketMessages } from './socket.messages.js';

/** Of who is told that there are too many, seconds. */
const RETRY_SECONDS = 10;

@Injectable()
export class Sockets {
  private readonly open = new Set<ChatSocket>();
  private timer: NodeJS.Timeout | undefined;
  private ticks = 0;
  private isChecking = false;

  // Nest hands over what the parameters name, so there are as many as there are parts.
  // oxlint-disable-next-line max-params
  constructor(
    @Inject(LOG) private readonly log: Log,
    @Inject(SOCKET_LIMITS_TOKEN) private readonly limits: SocketLimits,
    @Inject(METRICS) metrics: Metrics,
    private readonly authenticator: Authenticator,
    private readonly messages: SocketMessages,
    private readonly rooms: Rooms,
  ) {
    const count = () => [{ value: this.open.size }];
    metrics.gauge('slipway_chat_sockets', 'Open WebSockets of chat.', count);
  }

  get count(): number {
    return this.open.size;
  }

  /** @throws {Busy} {Refused} before a socket is opened. */
  mustHaveRoom(user: User | undefined): void {
    const { all, perUser, unidentified } = this.limits;
    const sockets = [...this.open];
    const strangers = sockets.filter((one) => !one.user).length;
    if (sockets.length >= all || (!user && strangers >= unidentified)) {
      throw new Busy(
        `${sockets.length} sockets are open already`,
        'Come back later.',
        RETRY_SECONDS,
      );
    }
    if (user && this.countOf(user.login) >= perUser) throw this.tooMany();
  }

  /** @param token with which `user` was found. */
  add(ws: WebSocket, address: string, known?: { user: User; token: string }): void {
    const socket = new ChatSocket(ws, address, this.limits.bufferedBytes);
    this.open.add(socket);
    ws.on('message', (data: Buffer, isBinary: boolean) => this.hear(socket, data, isBinary));
    ws.on('pong', () => {
      socket.isAlive = true;
    });
    ws.on('error', () => ws.terminate());
    ws.on('close', () => {
      this.open.delete(socket);
      this.rooms.leaveAll(socket);
    });
    this.timer ??= setInterval(() => this.tick(), this.limits.tickMs).unref();
    if (known) this.admit(socket, known);
  }

  /** Every client is told to come back, which then goes on at another replica. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    for (const socket of this.open) {
      socket.send({ type: 'state', state: 'leaving', login: socket.login });
      socket.close(SOCKET_CLOSES.leaving, 'the process ends: connect again');
      this.rooms.leaveAll(socket);
    }
    await this.rooms.settled();
  }

  private countOf(login: string): number {
    return [...this.open].filter((one) => one.login === login).length;
  }

  private tooMany(): Refused {
    const message = `${this.limits.perUser} of your sockets are open already`;
    return new Refused('too-many-sockets', message, 'Close some of them.');
  }

  private hear(socket: ChatSocket, data: Buffer, isBinary: boolean): void {
    const { messagesPerSecond, waiting } = this.limits;
    if (++socket.messages > 2 * messagesPerSecond || socket.waiting >= waiting) {
      socket.close(SOCKET_CLOSES.tooManyMessages, 'too many messages');
      return;
    }
    const message = this.messages.parse(data, isBinary);
    if (message instanceof BadInput) {
      socket.send(this.messages.refusal(message));
      return;
    }
    if (socket.messages > messagesPerSecond) {
      const words = `more than ${messagesPerSecond} messages came in a second`;
      const refused = new Busy(words, 'Send fewer; with twice as many the socket is closed.', 1);
      socket.send(this.messages.refusal(refused, message.ref));
      return;
    }
    socket.waiting++;
    socket.work = socket.work
      .then(() => this.carryOut(socket, message))
      .finally(() => {
        socket.waiting--;
      });
  }

  private async carryOut(socket: ChatSocket, message: FromClient): Promise<void> {
    if (!socket.isOpen) return;
    if (message.type === 'hello') await this.greet(socket, message.token);
    else if (socket.user) await this.messages.carryOut(socket, message);
    else socket.close(SOCKET_CLOSES.unauthenticated, 'say hello with a token first');
  }

  private async greet(socket: ChatSocket, token: string): Promise<void> {
    if (socket.user) return;
    try {
      const user = await this.authenticator.identify(token, socket.address);
      if (!user) socket.close(SOCKET_CLOSES.unauthenticated, 'no valid token was sent');
      else if (!may(user, 'chat')) socket.close(SOCKET_CLOSES.forbidden, 'lacks the scope "chat"');
      else if (this.countOf(user.login) >= this.limits.perUser) {
        socket.send(this.messages.refusal(this.tooMany()));
        socket.close(SOCKET_CLOSES.tooManySockets, 'too many sockets of yours');
      } else this.admit(socket, { user, token });
    } catch (error) {
      socket.send(this.messages.refusal(error));
      if (error instanceof TooManyFailures) {
        socket.close(SOCKET_CLOSES.tooManySockets, 'too many wrong tokens');
      }
    }
  }

  private admit(socket: ChatSocket, { user, token }: { user: User; token: string }): void {
    socket.user = user;
    socket.token = token;
    socket.send({ type: 'state', state: 'open', login: user.login });
  }

  private tick(): void {
    const { helloMs, tickMs, pingMs, tokensMs } = this.limits;
    this.ticks++;
    const isTimeFor = (ms: number) => this.ticks % Math.max(1, Math.round(ms / tickMs)) === 0;
    const now = performance.now();
    const pings = isTimeFor(pingMs);
    for (const socket of this.open) {
      socket.messages = 0;
      if (!socket.user && now - socket.openedAt > helloMs) {
        socket.close(SOCKET_CLOSES.noHello, 'no hello came in time');
      }
      if (!pings) continue;
      if (socket.isAlive) socket.ping();
      else socket.terminate();
    }
    this.rooms.tick();
    if (isTimeFor(tokensMs)) void this.checkTokens();
  }

  /** A token that was revoked, or has expired, holds no socket open. */
  private async checkTokens(): Promise<void> {
    if (this.isChecking) return;
    this.isChecking = true;
    try {
      for (const token of new Set([...this.open].map((socket) => socket.token))) {
        if (token === '') continue;
        const holders = [...this.open].filter((socket) => socket.token === token);
        const user = await this.authenticator.identify(token, holders[0]?.address ?? '');
        if (user && may(user, 'chat')) continue;
        for (const one of holders) one.close(SOCKET_CLOSES.unauthenticated, 'the token has ended');
      }
    } catch (error) {
      this.log.warn({ err: error }, 'tokens of open sockets could not be looked at');
    } finally {
      this.isChecking = false;
    }
  }
}
