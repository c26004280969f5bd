/** What holds for every request before any route sees it. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Authenticator, identifyEarly } from './auth.js';
import { rememberMethods } from './methods.js';

export const BODY_LIMIT_BYTES = 1_048_576;
/** A pipeline file may have 1 MiB, and JSON makes it longer. */
const PIPELINE_BODY_LIMIT_BYTES = 2_097_152;

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** The caller's own name for the request where it is harmless, else a new one. */
export function newRequestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

export function hardenServer(app: NestFastifyApplication, fastify: FastifyInstance): void {
  rememberMethods(fastify);
  // JSON is the only body that REST takes; other content types are answered 415.
  fastify.removeContentTypeParser('text/plain');
  fastify.addHook('onRoute', (route) => {
    if (route.url.startsWith('/api/v1/pipelines/')) route.bodyLimit = PIPELINE_BODY_LIMIT_BYTES;
  });
  const authenticator = app.get(Authenticator, { strict: false });
  fastify.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...HEADERS, 'x-request-id': request.id });
    if (request.url.startsWith('/api/')) await identifyEarly(authenticator, request);
  });
}
