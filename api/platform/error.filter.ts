/** The only place that knows HTTP numbers of errors. Every refusal is an RFC 9457 problem document, on /v1 OpenAI's. */
import { STATUS_CODES } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SlipwayError } from '../../activities/platform/errors.js';
import { MachineTrouble, machineTrouble } from '../../activities/platform/machine.js';
import {
  ContextTooLong,
  EngineLost,
  ModelNotReady,
  ModelUnknown,
  WishRefused,
} from '../../activities/platform/model-errors.js';
import { BadCursor, IdTaken, Missing, StoreUnavailable } from '../../activities/store/errors.js';
import type { Problem } from '../client/wire.js';
import { openAiError, speaksOpenAi } from '../openai/errors.js';
import {
  BadInput,
  Forbidden,
  NotFound,
  QuotaExceeded,
  Refused,
  TooManyFailures,
  TooSlow,
  Unauthenticated,
  Unavailable,
} from './errors.js';
import type { Log } from './log.js';
import { methodsOf } from './methods.js';

const PREFIX = 'urn:slipway:problem:';
const STORE_RETRY_SECONDS = 5;

/** What is said for refusals that Fastify or Nest make, by number. */
const OF_THE_FRAMEWORK: Record<number, { code: string; help: string }> = {
  400: { code: 'malformed', help: 'Send a JSON document, and percent-encode the address.' },
  404: { code: 'no-route', help: 'Look at /docs for what there is.' },
  405: { code: 'method-not-allowed', help: 'The header Allow names the methods of this address.' },
  413: {
    code: 'too-large',
    help: 'A body may have 1 MiB; a pipeline 2 MiB, a request on /v1 4 MiB.',
  },
  414: { code: 'too-long', help: 'Shorten the address.' },
  415: { code: 'media-type', help: 'Send "Content-Type: application/json".' },
};

interface Answer {
  problem: Problem;
  headers?: Record<string, string>;
}

@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** Also for what Fastify refuses before there is a route. */
  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { problem, headers } = this.answerTo(thrown, request);
    // The deadline passed first, and that answer is whole.
    if (reply.raw.writableEnded) return;
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    if (hasUnreadBody(request)) reply.header('connection', 'close');
    reply.headers(headers ?? {}).code(problem.status);
    if (speaksOpenAi(request.url)) {
      reply.type('application/json; charset=utf-8').send(openAiError(problem));
    } else reply.type('application/problem+json').send(problem);
  }

  private answerTo(thrown: unknown, request: FastifyRequest): Answer {
    if (thrown instanceof SlipwayError) return this.ours(thrown);
    const trouble = machineTrouble(thrown);
    if (trouble) return this.ours(trouble);
    const status = statusOf(thrown);
    if (status === undefined || status >= 500) return this.bug(thrown, request);
    const allowed = status === 404 ? methodsOf(request) : [];
    if (allowed.length > 0) {
      const detail = `${request.method} is not offered here`;
      const headers = { allow: allowed.join(', ') };
      return { problem: frameworkProblem(405, detail), headers };
    }
    const unknown = `there is nothing at ${request.method} ${request.url.split('?')[0]}`;
    const detail = status === 404 ? unknown : wordsOf(thrown);
    return { problem: frameworkProblem(status, detail) };
  }

  private ours(error: SlipwayError): Answer {
    const problem = problemOf(error);
    const { status } = problem;
    if (status === 401) {
      return { problem, headers: { 'www-authenticate': 'Bearer realm="slipway"' } };
    }
    if (error instanceof TooManyFailures || error instanceof QuotaExceeded) {
      return { problem, headers: { 'retry-after': String(error.retryAfterSeconds) } };
    }
    if (status === 503) {
      const seconds = error instanceof Unavailable ? error.retryAfterSeconds : STORE_RETRY_SECONDS;
      this.log.warn({ code: error.code, detail: error.message }, 'answered 503');
      return { problem, headers: { 'retry-after': String(seconds) } };
    }
    return { problem };
  }

  private bug(thrown: unknown, request: FastifyRequest): Answer {
    this.log.error({ err: thrown, request: request.id, url: request.url }, 'a request found a bug');
    return {
      problem: {
        type: `${PREFIX}bug`,
        title: 'Internal Server Error',
        status: 500,
        detail: `Slipway made a mistake; its log knows it as request "${request.id}"`,
        help: 'Tell whoever runs Slipway, with that name.',
      },
    };
  }
}

/** A refusal in words and numbers: also for streams, which have begun and cannot be answered any more. */
export function problemOf(error: SlipwayError): Problem {
  const status = numberOf(error);
  return {
    type: PREFIX + error.code,
    title: STATUS_CODES[status] ?? '',
    status,
    detail: error.message,
    help: error.help,
    ...(error instanceof BadInput ? { errors: [...error.errors] } : {}),
  };
}

/** What the caller still sends is not read: the connection ends with the answer. */
function hasUnreadBody({ raw, headers }: FastifyRequest): boolean {
  const hasBody = Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'];
  return Boolean(hasBody) && !raw.readableEnded;
}

function numberOf(error: SlipwayError): number {
  if (error instanceof BadInput || error instanceof BadCursor) return 400;
  if (error instanceof Unauthenticated) return 401;
  if (error instanceof Forbidden) return 403;
  if (error instanceof NotFound || error instanceof Missing) return 404;
  if (error instanceof TooSlow) return 408;
  if (error instanceof Refused || error instanceof IdTaken) return 409;
  if (error instanceof TooManyFailures || error instanceof QuotaExceeded) return 429;
  if (error instanceof ModelUnknown) return 404;
  if (error instanceof ContextTooLong || error instanceof WishRefused) return 400;
  if (error instanceof EngineLost || error instanceof ModelNotReady) return 503;
  if (error instanceof Unavailable || error instanceof StoreUnavailable) return 503;
  if (error instanceof MachineTrouble) return 503;
  return 500;
}

/** Of Nest's and of Fastify's own errors. */
function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

function wordsOf(thrown: unknown): string {
  const { code, message } = thrown as Error & { code?: string };
  return code === 'FST_ERR_BAD_URL' ? 'the address is not percent-encoded UTF-8' : message;
}

function frameworkProblem(status: number, detail: string): Problem {
  const said = OF_THE_FRAMEWORK[status] ?? { code: `http-${status}`, help: 'Look at /docs.' };
  const title = STATUS_CODES[status] ?? '';
  return { type: PREFIX + said.code, title, status, detail, help: said.help };
}
