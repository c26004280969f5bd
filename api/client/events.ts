/** Events as they happen, over every break of the connection, until the end: of runs, and of others. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { ApiProblem, Unreachable } from './errors.js';
import type { Http } from './http.js';
import { RunEvent } from './wire.js';

/** Back-off between connections, and how many in a row may bring nothing. */
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;
const MAX_EMPTY_CONNECTIONS = 60;
/** The API says something at least every 15 s; silence for this long means a dead connection. */
const SILENCE_LIMIT_MS = 45_000;
/** One event, characters. */
const MAX_EVENT_CHARS = 16_777_216;

export interface FollowOptions {
  /** Position after which to begin: that of the last event seen. Default 0: from the beginning. */
  after?: number;
  signal?: AbortSignal;
  /** Told before each wait for a new connection. */
  broken?: (error: unknown, waitMs: number) => void;
}

/** An event and the run's position after it; undefined where the event carries no position. */
export type PlacedEvent = RunEvent & { position: number | undefined };

/**
 * Yields every event once and in order; ends after `end`.
 *
 * @throws {ApiProblem} when the API refuses (401, 403, 404); {Unreachable} when 60 connections in a
 *   row brought nothing (about five minutes); the signal's reason when it is aborted.
 */
export function followRun(
  http: Http,
  path: string,
  { after = 0, ...options }: FollowOptions = {},
): AsyncGenerator<PlacedEvent> {
  return follow<PlacedEvent>(http, path, {
    ...options,
    after: String(after),
    parse: ({ event, data, id }) => {
      const parsed = RunEvent.safeParse({ event, data: JSON.parse(data) });
      return parsed.success ? { ...parsed.data, position: id ? Number(id) : undefined } : undefined;
    },
    isLast: ({ event }) => event === 'end',
    placeOf: ({ position }) => (position === undefined ? undefined : String(position)),
  });
}

/** How a stream of events is read. */
export interface Reading<Event> extends Pick<FollowOptions, 'signal' | 'broken'> {
  /** Last-Event-ID of the first connection. */
  after: string;
  /** Undefined for what is not known: a newer API may say more than we know. */
  parse: (message: {
    event: string | undefined;
    data: string;
    id: string | undefined;
  }) => Event | undefined;
  isLast: (event: Event) => boolean;
  /** Last-Event-ID after an event, where it has one. */
  placeOf: (event: Event) => string | undefined;
}

/** @throws as `followRun`. */
export async function* follow<Event>(
  http: Http,
  path: string,
  reading: Reading<Event>,
): AsyncGenerator<Event> {
  const { signal, broken } = reading;
  let last = reading.after;
  let empty = 0;
  for (;;) {
    let error: unknown = new Unreachable(path, new Error('the stream ended early'));
    try {
      for await (const event of connection(http, path, last, reading)) {
        empty = 0;
        last = reading.placeOf(event) ?? last;
        yield event;
        if (reading.isLast(event)) return;
      }
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof ApiProblem && cause.status < 500 && cause.status !== 429) throw cause;
      error = cause;
    }
    if (++empty > MAX_EMPTY_CONNECTIONS) throw error;
    const waitMs = Math.min(FIRST_BACKOFF_MS * 2 ** (empty - 1), MAX_BACKOFF_MS);
    broken?.(error, waitMs);
    await pause(waitMs, signal);
  }
}

async function* connection<Event>(
  http: Http,
  path: string,
  after: string,
  { parse, signal }: Reading<Event>,
): AsyncGenerator<Event> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error('silence')), SILENCE_LIMIT_MS);
  const noise = () => timer.refresh();
  const signals = signal ? [signal, silence.signal] : [silence.signal];
  try {
    const response = await http.send(path, {
      headers: { accept: 'text/event-stream', 'last-event-id': after },
      signal: AbortSignal.any(signals),
    });
    if (!response.body) return;
    const messages = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(
        new EventSourceParserStream({ onComment: noise, maxBufferSize: MAX_EVENT_CHARS }),
      );
    for await (const message of messages) {
      noise();
      const event = parse({ event: message.event, data: message.data, id: message.id });
      if (event !== undefined) yield event;
    }
  } finally {
    clearTimeout(timer);
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
  });
  signal?.throwIfAborted();
}
