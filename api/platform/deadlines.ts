/** How long one request may take: its body to come, and its answer to begin. Streams then go on. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SOCKET_PATH } from '../client/wire.socket.js';
import { NoAnswer, TooSlow } from './errors.js';

export interface Deadlines {
  /** From the connection, or its last answer, to the end of a request's head, milliseconds. */
  headMs: number;
  /** From there to the end of its body; the git endpoint has its own. */
  bodyMs: number;
  /** From there to the beginning of the answer. */
  answerMs: number;
  /** The same where a model makes it, whole; such answers have limits of their own. */
  madeMs: number;
  /** How often Node looks for heads that are late. */
  lookEveryMs: number;
}

export const DEADLINES: Deadlines = {
  headMs: 10_000,
  bodyMs: 30_000,
  answerMs: 60_000,
  madeMs: 600_000,
  lookEveryMs: 2_000,
};

/** Covers every route that leaves its answer to Fastify: all but the git endpoint. */
export function keepDeadlines(fastify: FastifyInstance, deadlines: Deadlines): void {
  const { bodyMs } = deadlines;
  const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>();
  const clear = (request: FastifyRequest): void => clearTimeout(timers.get(request));
  const arm = (request: FastifyRequest, ms: number, late: () => void): void => {
    clear(request);
    timers.set(request, setTimeout(late, ms));
  };
  const send = (reply: FastifyReply, error: () => Error) => () => {
    if (!reply.sent) reply.send(error());
  };
  fastify.addHook('onRequest', async (request, reply) => {
    if (isItsOwn(request)) return;
    arm(
      request,
      bodyMs,
      send(reply, () => new TooSlow(bodyMs / 1_000)),
    );
    reply.raw.once('close', () => clear(request));
  });
  fastify.addHook('preValidation', async (request, reply) => {
    const ms = isMade(request) ? deadlines.madeMs : deadlines.answerMs;
    if (!isItsOwn(request))
      arm(
        request,
        ms,
        send(reply, () => new NoAnswer(ms / 1_000, KEPT[routeOf(request)])),
      );
  });
  fastify.addHook('onSend', async (request) => clear(request));
}

/** Git keeps its own limits, and so do sockets: nothing would tell us that one was taken over. */
function isItsOwn({ url }: FastifyRequest): boolean {
  return url.startsWith('/git/') || url === SOCKET_PATH;
}

const ASK = 'POST /ask';
/** Routes beside /v1 whose answers take as long as a model needs for them. */
const MADE = new Set([ASK, 'POST /api/v1/assistant']);

/** Where that answer is found which comes too late for its request; of others nothing is kept. */
const KEPT: Record<string, string> = {
  [ASK]:
    'It is made all the same, and kept: look at the last turn of your newest conversation ' +
    '(GET /api/v1/chat/conversations) before you ask again.',
};

function isMade(request: FastifyRequest): boolean {
  const { url = '' } = request.routeOptions;
  return url.startsWith('/v1/') || MADE.has(routeOf(request));
}

function routeOf({ method, routeOptions }: FastifyRequest): string {
  return `${method} ${routeOptions.url}`;
}
