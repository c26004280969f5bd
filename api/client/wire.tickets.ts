/** The shapes of tickets over REST. Times are ISO 8601 in UTC. */
import { z } from 'zod';
import { Login } from '../../workflows/domain/names.js';
import {
  Ticket,
  TicketBody,
  TicketChannel,
  TicketExtra,
  TicketId,
  TicketStatus,
  TicketSubject,
} from '../../workflows/domain/ticket.js';

export { Ticket, TicketChannel, TicketId, TicketStatus };

/** `POST /api/v1/tickets`. */
export const OpenTicket = z.strictObject({
  /** Chosen by the client, so that a repeat opens nothing. Default: a new one. */
  id: TicketId.optional(),
  /** Default: `chat` with a conversation, else `api`. */
  channel: TicketChannel.optional(),
  subject: TicketSubject.trim().min(1),
  body: TicketBody.optional(),
  /** One that the caller may see. */
  conversationId: z.uuid().optional(),
  extra: TicketExtra.optional(),
});
export type OpenTicket = z.infer<typeof OpenTicket>;

/** `PUT /api/v1/tickets/:id`: as it was elsewhere. */
export const ImportTicket = z.strictObject({
  status: TicketStatus,
  channel: TicketChannel,
  subject: TicketSubject,
  body: TicketBody,
  createdBy: Login,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  extra: TicketExtra.optional(),
});
export type ImportTicket = z.infer<typeof ImportTicket>;

export const ImportedTicket = z.object({
  /** `present`: it was there already; its status may have changed since. */
  outcome: z.enum(['created', 'present']),
  ticket: Ticket,
});
export type ImportedTicket = z.infer<typeof ImportedTicket>;

/** `PATCH /api/v1/tickets/:id/status`. */
export const ChangeTicketStatus = z.strictObject({ status: TicketStatus });
export type ChangeTicketStatus = z.infer<typeof ChangeTicketStatus>;

export const TicketExists = z.object({ exists: z.boolean() });
export type TicketExists = z.infer<typeof TicketExists>;

export const TicketsHealth = z.object({
  storage: z.enum(['store', 'dynamodb']),
  status: z.enum(['healthy', 'unhealthy']),
  responseTimeMs: z.number(),
  /** What is wrong, and what to do; empty when nothing is. */
  message: z.string(),
});
export type TicketsHealth = z.infer<typeof TicketsHealth>;
