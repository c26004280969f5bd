/** One request to the API: token, time limit, typed refusals, answers parsed by their schema. */
import type { z } from 'zod';
import { toProblem, Unreachable } from './errors.js';
import { patient } from './http.patience.js';

/** Longest wait for an answer, milliseconds. Streams have this limit for their first byte only. */
const ANSWER_LIMIT_MS = 60_000;

/** The same where a model makes the answer, whole; a little more than the API takes for it. */
export const MADE_LIMIT_MS = 610_000;

export interface Connection {
  /** Where the API answers, like `http://127.0.0.1:7800`. */
  url: string;
  /** Absent: only health and docs answer. */
  token?: string;
  /** Default: the platform's own. */
  fetch?: typeof fetch;
}

export type Query = Record<string, string | number | undefined>;

export interface Asked {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Query;
  body?: unknown;
  /** Sent as they are, instead of `body`. */
  bytes?: Uint8Array;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Milliseconds. Default: a minute. */
  limitMs?: number;
  /** Statuses that are no refusal. Default: all below 300. */
  expects?: number[];
}

export class Http {
  private readonly base: string;

  constructor(private readonly connection: Connection) {
    this.base = connection.url.replace(/\/+$/, '');
  }

  /** @throws {ApiProblem} {Unreachable} {ZodError} when the answer is not of this version. */
  async json<T extends z.ZodType>(schema: T, path: string, asked: Asked = {}): Promise<z.infer<T>> {
    const response = await this.send(path, asked);
    const body: unknown = await response.json().catch((cause: unknown) => {
      throw new Unreachable(this.base, cause);
    });
    return schema.parse(body);
  }

  async text(path: string, asked: Asked = {}): Promise<string> {
    const response = await this.send(path, {
      ...asked,
      headers: { ...asked.headers, accept: 'text/plain' },
    });
    return response.text();
  }

  /** The bare answer, for streams and answers without a body. */
  async send(path: string, asked: Asked = {}): Promise<Response> {
    const late = new AbortController();
    const { limitMs = ANSWER_LIMIT_MS } = asked;
    const timer = setTimeout(() => late.abort(new Error('no answer in time')), limitMs);
    try {
      const response = await (this.connection.fetch ?? fetch)(this.address(path, asked.query), {
        method: asked.method ?? 'GET',
        headers: this.headers(asked),
        signal: asked.signal ? AbortSignal.any([asked.signal, late.signal]) : late.signal,
        ...bodyOf(asked),
        ...patient(limitMs),
      }).catch((cause: unknown) => {
        asked.signal?.throwIfAborted();
        throw new Unreachable(this.base, cause);
      });
      const isExpected = asked.expects?.includes(response.status) ?? response.ok;
      if (!isExpected) throw await toProblem(response);
      return response;
    } finally {
      clearTimeout(timer);
    }
  }

  private address(path: string, query: Query = {}): string {
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    const search = given.length > 0 ? `?${new URLSearchParams(given).toString()}` : '';
    return `${this.base}${path}${search}`;
  }

  private headers({ body, bytes, headers }: Asked): Record<string, string> {
    const { token } = this.connection;
    return {
      accept: 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(bytes === undefined ? {} : { 'content-type': 'application/octet-stream' }),
      ...headers,
    };
  }
}

function bodyOf({ body, bytes }: Asked): { body?: string | Uint8Array<ArrayBuffer> } {
  if (bytes !== undefined) return { body: bytes as Uint8Array<ArrayBuffer> };
  return body === undefined ? {} : { body: JSON.stringify(body) };
}
