/** The routes of tickets. */
import type { Http, Query } from './http.js';
import { pageOf } from './wire.js';
import * as wire from './wire.tickets.js';

const AT = '/api/v1/tickets';

export interface TicketFilter {
  status?: wire.TicketStatus;
  channel?: wire.TicketChannel;
  /** Another login than their own only for admins. */
  createdBy?: string;
  /** ISO 8601; at or after, and before. */
  from?: string;
  until?: string;
  limit?: number;
  cursor?: string;
}

export function tickets(http: Http) {
  const one = (id: string) => `${AT}/${encodeURIComponent(id)}`;
  return {
    list: (query: TicketFilter = {}) =>
      http.json(pageOf(wire.Ticket), AT, { query: { ...query } as Query }),
    get: (id: string) => http.json(wire.Ticket, one(id)),
    exists: async (id: string): Promise<boolean> =>
      (await http.json(wire.TicketExists, `${one(id)}/exists`)).exists,
    /** Safe to repeat with an id. */
    open: (body: wire.OpenTicket) => http.json(wire.Ticket, AT, { method: 'POST', body }),
    setStatus: (id: string, status: wire.TicketStatus) =>
      http.json(wire.Ticket, `${one(id)}/status`, { method: 'PATCH', body: { status } }),
    /** Safe to repeat. */
    import: (id: string, body: wire.ImportTicket) =>
      http.json(wire.ImportedTicket, one(id), { method: 'PUT', body }),
    /** Also when it cannot be used: that is an answer here, not a problem. */
    health: () => http.json(wire.TicketsHealth, `${AT}/health`, { expects: [200, 503] }),
  };
}
