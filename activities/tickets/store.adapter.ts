/** Tickets in our own record: PostgreSQL. */
import type { Ticket, TicketChannel, TicketStatus } from '../../workflows/domain/ticket.js';
import { StoreUnavailable } from '../store/errors.js';
import type { TicketRow, TicketsStore } from '../store/store.ports.js';
import { TicketsUnavailable } from './tickets.errors.js';
import type { TicketPage, TicketQuery, TicketStorage } from './tickets.ports.js';

/** Tickets of one page of a person's export. */
const EXPORT_PAGE = 200;

export class StoredTickets implements TicketStorage {
  readonly kind = 'store';

  constructor(
    private readonly store: TicketsStore,
    /** False when PostgreSQL does not answer. */
    private readonly isThere: () => Promise<boolean>,
  ) {}

  save(ticket: Ticket): Promise<boolean> {
    const { createdAt, updatedAt, ...rest } = ticket;
    const times = { createdAt: new Date(createdAt), updatedAt: new Date(updatedAt) };
    return reaching(() => this.store.save({ ...rest, ...times }));
  }

  async get(id: string): Promise<Ticket | undefined> {
    return ticketOf(await reaching(() => this.store.get(id)));
  }

  exists(id: string): Promise<boolean> {
    return reaching(() => this.store.exists(id));
  }

  async list({ from, until, ...query }: TicketQuery): Promise<TicketPage> {
    const times = {
      ...(from === undefined ? {} : { from: new Date(from) }),
      ...(until === undefined ? {} : { until: new Date(until) }),
    };
    const page = await reaching(() => this.store.list({ ...query, ...times }));
    return { items: page.items.map(toTicket), next: page.next };
  }

  async setStatus(id: string, status: TicketStatus): Promise<Ticket | undefined> {
    return ticketOf(await reaching(() => this.store.setStatus(id, status, new Date())));
  }

  ofUser(login: string, cursor?: string): Promise<TicketPage> {
    const place = cursor === undefined ? {} : { cursor };
    return this.list({ createdBy: login, limit: EXPORT_PAGE, ...place });
  }

  blank(id: string): Promise<void> {
    return reaching(() => this.store.blank(id));
  }

  async ping(): Promise<void> {
    if (await this.isThere()) return;
    throw new TicketsUnavailable(new Error('PostgreSQL does not answer'), STORE_HELP);
  }
}

const STORE_HELP = 'Check that PostgreSQL runs and that DATABASE_URL points at it; then ask again.';

async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreUnavailable) throw new TicketsUnavailable(error, error.help);
    throw error;
  }
}

function ticketOf(row: TicketRow | undefined): Ticket | undefined {
  return row && toTicket(row);
}

/** What was kept was checked when it came in. */
function toTicket(row: TicketRow): Ticket {
  return {
    id: row.id,
    status: row.status as TicketStatus,
    channel: row.channel as TicketChannel,
    subject: row.subject,
    body: row.body,
    conversationId: row.conversationId,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    extra: row.extra,
  };
}
