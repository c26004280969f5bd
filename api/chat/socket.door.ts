/**
 * Where a WebSocket comes in: `/ws/chat`. The upgrade goes through Fastify like any request, so that
 * headers, addresses behind proxies and refusals are the same as everywhere.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WebSocketServer } from 'ws';
import type { Problem } from '../client/wire.js';
import {
  MAX_SOCKET_MESSAGE_BYTES,
  SOCKET_PATH,
  SOCKET_PROTOCOL,
  SOCKET_TOKEN_PREFIX,
} from '../client/wire.socket.js';
import { Authenticator, demand, type User } from '../platform/auth.js';
import { Forbidden, Unauthenticated } from '../platform/errors.js';
import { Sockets } from './sockets.js';

const UPGRADE_REQUIRED: Problem = {
  type: 'urn:slipway:problem:upgrade-required',
  title: 'Upgrade Required',
  status: 426,
  detail: `${SOCKET_PATH} is a WebSocket`,
  help: `Open it with a WebSocket client, subprotocol "${SOCKET_PROTOCOL}".`,
};

interface Upgrade {
  socket: Socket;
  head: Buffer;
}

@Injectable()
export class SocketDoor implements OnModuleInit, OnModuleDestroy {
  private readonly upgrades = new WeakMap<IncomingMessage, Upgrade>();
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_SOCKET_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : false),
  });

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly authenticator: Authenticator,
    private readonly sockets: Sockets,
  ) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    fastify.get(SOCKET_PATH, (request, reply) => this.open(request, reply));
    fastify.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.upgrades.set(request, { socket, head });
      const response = new ServerResponse(request);
      socket.on('error', () => socket.destroy());
      response.assignSocket(socket);
      response.shouldKeepAlive = false;
      // Whoever is refused keeps no half of a connection.
      response.once('finish', () => socket.destroySoon());
      fastify.routing(request, response);
    });
  }

  onModuleDestroy(): Promise<void> {
    return this.sockets.close();
  }

  private async open(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const upgrade = this.upgrades.get(request.raw);
    if (!upgrade) {
      void reply.code(UPGRADE_REQUIRED.status).header('upgrade', 'websocket');
      return reply.type('application/problem+json').send(UPGRADE_REQUIRED);
    }
    mustBeOurPage(request);
    const known = await this.known(request);
    this.sockets.mustHaveRoom(known?.user);
    reply.hijack();
    const response = reply.raw;
    response.detachSocket(upgrade.socket);
    this.upgrades.delete(request.raw);
    this.server.handleUpgrade(request.raw, upgrade.socket, upgrade.head, (ws) =>
      this.sockets.add(ws, request.ip, known),
    );
    return reply;
  }

  /** By header, or by subprotocol; undefined: it will say hello. Never by the address, which is logged. */
  private async known(request: FastifyRequest): Promise<{ user: User; token: string } | undefined> {
    const token = tokenOf(request);
    if (token === undefined) return undefined;
    const user = await this.authenticator.identify(token, request.ip);
    if (!user) throw new Unauthenticated();
    demand(user, 'chat');
    return { user, token };
  }
}

function tokenOf({ headers }: FastifyRequest): string | undefined {
  if (headers.authorization !== undefined) {
    return /^Bearer +(\S+) *$/i.exec(headers.authorization)?.[1] ?? '';
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  const bearer = offered.find((one) => one.startsWith(SOCKET_TOKEN_PREFIX));
  return bearer?.slice(SOCKET_TOKEN_PREFIX.length);
}

/** A browser says which page opens the socket: one of ours. Other clients say nothing. */
function mustBeOurPage({ headers }: FastifyRequest): void {
  const { origin, host } = headers;
  if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return;
  throw new Forbidden(
    `a page of "${origin.slice(0, 100)}" may not open a socket here`,
    'Serve the page from the address of the API, or use a client that is no browser.',
  );
}
