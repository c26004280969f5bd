/** Tickets: everybody opens, sees and moves their own ones; an admin everybody's. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { wordsOf } from '../../activities/platform/errors.js';
import type { Store } from '../../activities/store/store.ports.js';
import type { Ticket, TicketStatus } from '../../workflows/domain/ticket.js';
import type { Page } from '../client/wire.js';
import type {
  ImportedTicket,
  ImportTicket,
  OpenTicket,
  TicketsHealth,
} from '../client/wire.tickets.js';
import { Audit } from '../platform/audit.js';
import { demand, may, type User } from '../platform/auth.js';
import { NotFound, Refused } from '../platform/errors.js';
import { given } from '../platform/requests.js';
import { STORE } from '../platform/tokens.js';
import { translated } from './tickets.errors.js';
import { TICKETS, type TicketQuery, type TicketStorage } from './tickets.ports.js';

/** Longest wait for the storage's sign of life, milliseconds. */
const PING_LIMIT_MS = 2_000;

@Injectable()
export class TicketsService {
  constructor(
    @Inject(TICKETS) private readonly tickets: TicketStorage,
    @Inject(STORE) private readonly store: Store,
    private readonly audit: Audit,
  ) {}

  /** Safe to repeat with the same id. */
  async open(wanted: OpenTicket, user: User): Promise<Ticket> {
    const { conversationId = null } = wanted;
    if (conversationId !== null) await this.mustSee(conversationId, user);
    const id = wanted.id ?? `t-${randomUUID()}`;
    const at = new Date().toISOString();
    const ticket: Ticket = {
      id,
      status: 'open',
      channel: wanted.channel ?? (conversationId === null ? 'api' : 'chat'),
      subject: wanted.subject,
      body: wanted.body ?? '',
      conversationId,
      createdBy: user.login,
      createdAt: at,
      updatedAt: at,
      extra: wanted.extra ?? {},
    };
    const detail = { channel: ticket.channel };
    return this.audit.during(commandOf('ticket.open', id, user, detail), async () => {
      if (await translated(() => this.tickets.save(ticket))) return ticket;
      const there = await translated(() => this.tickets.get(id));
      const isRepeat = there !== undefined && isSame({ ...there, createdAt: at }, ticket);
      if (isRepeat) return there;
      throw taken(id);
    });
  }

  /** As it was elsewhere. Safe to repeat, also when its status has changed since. */
  async import(id: string, given: ImportTicket, user: User): Promise<ImportedTicket> {
    const [createdAt, updatedAt] = [given.createdAt, given.updatedAt].map((time) =>
      new Date(time).toISOString(),
    ) as [string, string];
    const ticket: Ticket = {
      ...given,
      ...{ id, conversationId: null, createdAt, updatedAt, extra: given.extra ?? {} },
    };
    return this.audit.during(commandOf('ticket.import', id, user), async () => {
      if (await translated(() => this.tickets.save(ticket))) return { outcome: 'created', ticket };
      const there = await translated(() => this.tickets.get(id));
      if (there && isSame(there, ticket)) return { outcome: 'present', ticket: there };
      throw taken(id);
    });
  }

  /** The rights are in the question: a page of somebody's own tickets is never thinned out afterwards. */
  async list(query: Listed, user: User): Promise<Page<Ticket>> {
    const { createdBy, ...rest } = query;
    if (createdBy !== undefined && createdBy !== user.login) demand(user, 'admin');
    const whose = createdBy ?? (may(user, 'admin') ? undefined : user.login);
    return translated(() => this.tickets.list(given({ ...rest, createdBy: whose })));
  }

  /** Another one's ticket is none, unless the caller is an admin. */
  async get(id: string, user: User): Promise<Ticket> {
    const found = await this.visible(id, user);
    if (!found)
      throw new NotFound(`there is no ticket "${id}"`, 'GET /api/v1/tickets lists yours.');
    return found;
  }

  async exists(id: string, user: User): Promise<{ exists: boolean }> {
    if (may(user, 'admin')) return { exists: await translated(() => this.tickets.exists(id)) };
    return { exists: (await this.visible(id, user)) !== undefined };
  }

  async setStatus(id: string, status: TicketStatus, user: User): Promise<Ticket> {
    const { status: before } = await this.get(id, user);
    const command = commandOf('ticket.status', id, user, { from: before, to: status });
    return this.audit.during(command, async () => {
      const changed = await translated(() => this.tickets.setStatus(id, status));
      if (!changed) throw new NotFound(`there is no ticket "${id}" any more`);
      return changed;
    });
  }

  async health(): Promise<TicketsHealth> {
    const began = performance.now();
    const late = new Promise<string>((resolve) => {
      setTimeout(resolve, PING_LIMIT_MS, `no answer within ${PING_LIMIT_MS} ms`).unref();
    });
    const message = await Promise.race([this.ping(), late]);
    return {
      storage: this.tickets.kind,
      status: message === '' ? 'healthy' : 'unhealthy',
      responseTimeMs: Math.round(performance.now() - began),
      message,
    };
  }

  private async ping(): Promise<string> {
    try {
      await this.tickets.ping();
      return '';
    } catch (error) {
      const { help } = error as { help?: unknown };
      return [wordsOf(error), help].filter((part) => typeof part === 'string').join('. ');
    }
  }

  private async visible(id: string, user: User): Promise<Ticket | undefined> {
    const found = await translated(() => this.tickets.get(id));
    return found && (found.createdBy === user.login || may(user, 'admin')) ? found : undefined;
  }

  private async mustSee(conversationId: string, { login }: User): Promise<void> {
    if (await this.store.chat.conversations.get(conversationId, login)) return;
    throw new NotFound(`you have no conversation "${conversationId}"`);
  }
}

type Listed = TicketQuery;

function commandOf(action: string, id: string, { login }: User, detail: object = {}) {
  return { by: login, action, subject: `ticket/${id}`, detail: { ...detail } };
}

/** What people change in the course of time does not count. */
function isSame(one: Ticket, other: Ticket): boolean {
  const still = ({ status: _s, updatedAt: _u, ...rest }: Ticket): unknown =>
    JSON.parse(JSON.stringify(rest));
  return isDeepStrictEqual(still(one), still(other));
}

function taken(id: string): Refused {
  return new Refused(
    'ticket-exists',
    `there is another ticket "${id}"`,
    'Look at it, and use another id if both are needed.',
  );
}
