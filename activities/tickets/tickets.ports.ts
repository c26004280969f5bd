/** Where tickets are kept. The API knows the same shape: `api/tickets/tickets.ports.ts`. */
import type { Ticket, TicketChannel, TicketStatus } from '../../workflows/domain/ticket.js';

export interface TicketPage {
  items: Ticket[];
  next: string | null;
}

export interface TicketQuery {
  status?: TicketStatus;
  channel?: TicketChannel;
  createdBy?: string;
  /** Created at or after, and before. ISO 8601. */
  from?: string;
  until?: string;
  /** 1 to 200. A page may hold fewer although `next` says that there are more. */
  limit: number;
  cursor?: string;
}

/**
 * Times are kept to the millisecond. Every method throws `TicketsUnavailable` when the storage cannot
 * be reached, after its own retries; lists throw `BadCursor` for a cursor that is not theirs.
 */
export interface TicketStorage {
  readonly kind: 'store' | 'dynamodb';
  /** False when there is one with that id: it is left as it is. Repeatable. */
  save(ticket: Ticket): Promise<boolean>;
  get(id: string): Promise<Ticket | undefined>;
  exists(id: string): Promise<boolean>;
  /** Newest first. */
  list(query: TicketQuery): Promise<TicketPage>;
  /** Undefined when there is none. Repeatable: `updatedAt` moves when the status does. */
  setStatus(id: string, status: TicketStatus): Promise<Ticket | undefined>;
  /** For a person's export and erasure. */
  ofUser(login: string, cursor?: string): Promise<TicketPage>;
  /**
   * Takes subject, body, extra, conversation and author (then `erased-user`) away, and keeps that there
   * was one. Repeatable.
   */
  blank(id: string): Promise<void>;
  /** @throws when it cannot be used. */
  ping(): Promise<void>;
}

/** What retention asks of a storage that is not the record. */
export interface ExpiringTickets {
  /** Deletes at most `limit` tickets that were last changed before. Repeatable; how many it deleted. */
  expire(before: Date, limit: number): Promise<number>;
}
