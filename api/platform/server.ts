/** What holds for every request before any route sees it. */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { NotFoundException } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyHttpOptions, FastifyInstance } from 'fastify';
import type { Config } from '../../activities/platform/config.js';
import { SOCKET_PATH } from '../client/wire.socket.js';
import { Authenticator, identifyEarly } from './auth.js';
import { DEADLINES, type Deadlines, keepDeadlines } from './deadlines.js';
import type { ErrorFilter } from './error.filter.js';
import { BadInput } from './errors.js';
import { HEADERS } from './headers.js';
import { isMistaken, rememberMethods } from './methods.js';

export const BODY_LIMIT_BYTES = 1_048_576;
/** A pipeline file may have 1 MiB, and JSON makes it longer. */
const PIPELINE_BODY_LIMIT_BYTES = 2_097_152;
/** Conversations on /v1 are long. */
const OPENAI_BODY_LIMIT_BYTES = 4_194_304;
/** Method, address and all headers of a request together. */
export const MAX_HEAD_BYTES = 16_384;
/** Open at once; one more is closed without an answer. */
const MAX_CONNECTIONS = 4_000;
/** One part of an address, characters: names are far shorter. */
const MAX_PARAMETER_CHARS = 300;
/** A connection that asks nothing more, milliseconds. */
const KEEP_ALIVE_MS = 72_000;

/** The caller's own name for the request where it is harmless, else a new one. */
export function newRequestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

/** @throws {Error} from Fastify, when SLIPWAY_PROXIES holds something else than addresses. */
export function serverOptions(
  { SLIPWAY_PROXIES }: Pick<Config, 'SLIPWAY_PROXIES'>,
  errors: ErrorFilter,
  { headMs, lookEveryMs }: Deadlines = DEADLINES,
) {
  const proxies = SLIPWAY_PROXIES.split(',').map((one) => one.trim());
  return {
    bodyLimit: BODY_LIMIT_BYTES,
    genReqId: newRequestId,
    forceCloseConnections: true,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: MAX_PARAMETER_CHARS },
    trustProxy: SLIPWAY_PROXIES.trim() === '' ? false : proxies,
    http: {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: headMs,
      connectionsCheckingInterval: lookEveryMs,
      // Whatever else asks for another protocol goes on with HTTP.
      shouldUpgradeCallback: ({ url }) => url === SOCKET_PATH,
    },
    frameworkErrors: (error, request, reply) => {
      reply.headers({ ...HEADERS, 'x-request-id': request.id });
      errors.answer(error, request, reply);
    },
    clientErrorHandler: answerNoRequest,
  } satisfies FastifyHttpOptions<Server>;
}

export function hardenServer(
  app: NestFastifyApplication,
  fastify: FastifyInstance,
  deadlines: Deadlines = DEADLINES,
): void {
  rememberMethods(fastify);
  fastify.server.maxConnections = MAX_CONNECTIONS;
  // JSON is the only body that REST takes; other content types are answered 415.
  fastify.removeContentTypeParser('text/plain');
  takeJsonOnly(fastify);
  fastify.addHook('onRoute', (route) => {
    if (route.url.startsWith('/api/v1/pipelines/')) route.bodyLimit = PIPELINE_BODY_LIMIT_BYTES;
    if (route.url.startsWith('/v1/')) route.bodyLimit = OPENAI_BODY_LIMIT_BYTES;
  });
  const authenticator = app.get(Authenticator, { strict: false });
  fastify.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...HEADERS, 'x-request-id': request.id });
  });
  keepDeadlines(fastify, deadlines);
  fastify.addHook('onRequest', async (request) => {
    if (/^\/(api\/|v1\/|ask$)/.test(request.url)) await identifyEarly(authenticator, request);
    // Before the body of a method that is not offered is looked at.
    if (request.is404 || isMistaken(request)) throw new NotFoundException();
  });
}

/** Bytes that are no text are refused: they would be replaced silently. */
function takeJsonOnly(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (request, body, done) => {
      if (isUtf8(body)) return parse(request, body.toString('utf8'), done);
      done(new BadInput([{ field: '', message: 'the body must be UTF-8' }]));
    },
  );
}

const NOT_HTTP: Record<string, { status: number; code: string; detail: string; help: string }> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'head-too-large',
    detail: `the address and the headers are larger than ${MAX_HEAD_BYTES} bytes`,
    help: 'Shorten the address, or send fewer cookies and headers.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'too-slow',
    detail: 'the head of the request did not come in time',
    help: 'Send the request at once.',
  },
};
const MALFORMED = {
  status: 400,
  code: 'malformed',
  detail: 'this is not HTTP/1.1',
  help: 'Speak HTTP/1.1; behind a proxy, check that it does.',
};

/** What is not even a request gets its problem too, written by hand: there is no reply to write it with. */
function answerNoRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.destroyed) {
    socket.destroy();
    return;
  }
  const { status, code, ...said } = NOT_HTTP[error.code ?? ''] ?? MALFORMED;
  const title = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({ type: `urn:slipway:problem:${code}`, title, status, ...said });
  const headers = {
    ...HEADERS,
    connection: 'close',
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join('')}\r\n${body}`);
}
