/** A run's log and events in the form that the reader asks for: a page, text, or a stream. */
import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { LogRow, Store } from '../../activities/store/store.ports.js';
import type { LogLine, Page } from '../client/wire.js';
import { BadInput, NotFound } from '../platform/errors.js';
import { given } from '../platform/requests.js';
import { type Sent, Streams } from '../platform/sse.js';
import { STORE } from '../platform/tokens.js';
import { viewLog } from '../platform/views.js';
import { type Happened, RunEvents } from './run-events.js';
import type { LogQuery } from './runs.requests.js';

/** Chunks that are read at once for the text of a log. */
const CHUNKS_AT_ONCE = 500;

interface Place {
  runId: string;
  after: number | undefined;
  /** The header Last-Event-ID. */
  last: string | undefined;
}

@Injectable()
export class RunLogs {
  constructor(
    @Inject(STORE) private readonly store: Store,
    private readonly runEvents: RunEvents,
    private readonly streams: Streams,
  ) {}

  events(place: Place, reply: FastifyReply): Promise<void> {
    return this.stream(place, reply, () => true);
  }

  /** By the header Accept: a page of JSON, `text/plain`, or `text/event-stream`. */
  async answer(
    runId: string,
    query: LogQuery,
    headers: Record<string, string | undefined>,
    reply: FastifyReply,
  ): Promise<void> {
    const accept = headers['accept'] ?? '';
    const after = query.after ?? query.cursor;
    const { step } = query;
    if (accept.includes('text/event-stream')) {
      const place = { runId, after, last: headers['last-event-id'] };
      return this.stream(place, reply, ({ event, data }) =>
        event === 'log' ? step === undefined || data.step === step : event === 'end',
      );
    }
    await this.mustExist(runId, step);
    if (accept.includes('text/plain')) {
      const text = Readable.from(this.text({ runId, ...given({ step }) }), { objectMode: false });
      await reply.type('text/plain; charset=utf-8').send(text);
      return;
    }
    await reply.send(
      await this.page({ runId, after: after ?? 0, limit: query.limit, ...given({ step }) }),
    );
  }

  private async page(query: Parameters<Store['runs']['logs']>[0]): Promise<Page<LogLine>> {
    const { items, next } = await this.store.runs.logs(query);
    return { items: items.map(viewLog), next: next === null ? null : String(next) };
  }

  private async *text(query: { runId: string; step?: string }): AsyncGenerator<string> {
    let before: LogRow | undefined;
    for (let after: number | null = 0; after !== null; ) {
      const page: Awaited<ReturnType<Store['runs']['logs']>> = await this.store.runs.logs({
        ...query,
        after,
        limit: CHUNKS_AT_ONCE,
      });
      for (const row of page.items) {
        yield heading(before, row) + row.text;
        before = row;
      }
      after = page.next;
    }
  }

  private async mustExist(runId: string, step: string | undefined): Promise<void> {
    const run = await this.store.runs.get(runId);
    if (!run) throw new NotFound(`there is no run "${runId}"`);
    if (step === undefined) return;
    const steps = await this.store.runs.steps(runId);
    if (!steps.some(({ name }) => name === step)) {
      throw new NotFound(`run "${runId}" has no step "${step}"`);
    }
  }

  private async stream(
    { runId, after, last }: Place,
    reply: FastifyReply,
    wanted: (event: Happened) => boolean,
  ): Promise<void> {
    const leaving = new AbortController();
    const from = last === undefined || last === '' ? (after ?? 0) : toPosition(last);
    const events = await this.runEvents.start(runId, { after: from, signal: leaving.signal });
    this.streams.send(reply, (signal) => {
      signal.addEventListener('abort', () => leaving.abort(), { once: true });
      return only(events, wanted);
    });
  }
}

async function* only(
  events: AsyncIterable<Happened | 'quiet'>,
  wanted: (event: Happened) => boolean,
): AsyncGenerator<Sent> {
  for await (const event of events) if (event === 'quiet' || wanted(event)) yield event;
}

function heading(before: LogRow | undefined, row: LogRow): string {
  if (before?.step === row.step && before.attempt === row.attempt) return '';
  const newLine = before && !before.text.endsWith('\n') ? '\n' : '';
  const attempt = row.attempt > 1 ? `, attempt ${row.attempt}` : '';
  return `${newLine}── ${row.step}${attempt}\n`;
}

function toPosition(last: string): number {
  if (/^\d{1,15}$/.test(last)) return Number(last);
  throw new BadInput([{ field: 'Last-Event-ID', message: 'must be the id of an event' }]);
}
