/** Everything that we keep of one person, line by line: a large export needs no memory. */
import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Store } from '../../activities/store/store.ports.js';
import type { ExportedItem } from '../client/wire.privacy.js';
import { Audit } from '../platform/audit.js';
import { demand, type User } from '../platform/auth.js';
import { given } from '../platform/requests.js';
import { STORE } from '../platform/tokens.js';
import { viewToken } from '../platform/views.js';
import { translated } from '../tickets/tickets.errors.js';
import { TICKETS, type TicketStorage } from '../tickets/tickets.ports.js';

/** Items that are read at once. */
const PAGE = 200;

@Injectable()
export class ExportService {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(TICKETS) private readonly tickets: TicketStorage,
    private readonly audit: Audit,
  ) {}

  /** An error in the midst of it cuts the connection: an export without its last line is none. */
  async send(wanted: string | undefined, user: User, reply: FastifyReply): Promise<void> {
    const login = wanted ?? user.login;
    if (login !== user.login) demand(user, 'admin');
    const command = { by: user.login, action: 'privacy.export', subject: `user/${login}` };
    await this.audit.during(command, async () => {
      const lines = toLines(this.items(login));
      const first = await lines.next(); // What is away now is said before the answer begins.
      const body = Readable.from(resumed(first, lines), { objectMode: false });
      await reply
        .header('cache-control', 'no-store')
        .header('content-disposition', 'attachment; filename="export.ndjson"')
        .type('application/x-ndjson; charset=utf-8')
        .send(body);
    });
  }

  private async *items(login: string): AsyncGenerator<ExportedItem> {
    const user = await this.store.users.get(login);
    if (user) yield { kind: 'user', item: user };
    const tokens = (cursor?: string) =>
      this.store.users.tokens(given({ login, limit: PAGE, cursor }));
    for await (const token of walked(tokens)) yield { kind: 'token', item: viewToken(token) };
    const chat = (cursor?: string) =>
      this.store.chat.privacy.exported(login, given({ limit: PAGE, cursor }));
    yield* walked(chat);
    if (this.tickets.kind === 'store') return; // They were among those of our own store.
    const elsewhere = (cursor?: string) => translated(() => this.tickets.ofUser(login, cursor));
    for await (const ticket of walked(elsewhere)) yield { kind: 'ticket', item: ticket };
  }
}

async function* walked<T>(
  page: (cursor?: string) => Promise<{ items: T[]; next: string | null }>,
): AsyncGenerator<T> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const { items, next }: { items: T[]; next: string | null } = await page(cursor);
    yield* items;
    cursor = next;
  }
}

async function* toLines(items: AsyncIterable<ExportedItem>): AsyncGenerator<string> {
  let count = 0;
  for await (const item of items) {
    count++;
    yield `${JSON.stringify(item)}\n`;
  }
  yield `${JSON.stringify({ kind: 'end', item: { items: count } })}\n`;
}

async function* resumed(
  first: IteratorResult<string>,
  rest: AsyncGenerator<string>,
): AsyncGenerator<string> {
  if (!first.done) yield first.value;
  yield* rest;
}
