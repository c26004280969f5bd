/** Tickets in our own store. */

import { exactTime, pageOf, pageSize, placeOf } from './cursor.js';
import type { Db } from './db.js';
import { ERASED } from './erased.js';
import type { Page, TicketRow, TicketsStore } from './store.ports.js';
import { clean, toJson } from './text.js';

const ROW = `id, status, channel, subject, body, conversation_id AS "conversationId",
  created_by AS "createdBy", created_at AS "createdAt", updated_at AS "updatedAt", extra`;

/** Takes a ticket's words, its conversation and its author away, and leaves that there was one. */
export const BLANK = `subject = '', body = '', extra = '{}', conversation_id = NULL,
  created_by = '${ERASED}'`;

export function createTickets(db: Db): TicketsStore {
  return {
    save: async (ticket) => {
      const kept = await db.query(
        `INSERT INTO tickets (id, status, channel, subject, body, conversation_id, created_by,
                              created_at, updated_at, extra)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id`,
        [
          ticket.id,
          ticket.status,
          ticket.channel,
          clean(ticket.subject),
          clean(ticket.body),
          ticket.conversationId,
          ticket.createdBy,
          ticket.createdAt,
          ticket.updatedAt,
          toJson(ticket.extra),
        ],
      );
      return kept.length > 0;
    },

    get: async (id) =>
      (await db.query<TicketRow>(`SELECT ${ROW} FROM tickets WHERE id = $1`, [id]))[0],

    exists: async (id) => (await db.query('SELECT FROM tickets WHERE id = $1', [id])).length > 0,

    list: (query) => list(db, query),

    setStatus: async (id, status, at) => {
      const [row] = await db.query<TicketRow>(
        `UPDATE tickets SET status = $2,
                updated_at = CASE WHEN status = $2 THEN updated_at ELSE greatest(updated_at, $3) END
          WHERE id = $1 RETURNING ${ROW}`,
        [id, status, at],
      );
      return row;
    },

    blank: async (id) => {
      await db.query(`UPDATE tickets SET ${BLANK} WHERE id = $1`, [id]);
    },
  };
}

type Query = Parameters<TicketsStore['list']>[0];

async function list(db: Db, query: Query): Promise<Page<TicketRow>> {
  const size = pageSize(query.limit);
  const [time, id] = placeOf(query.cursor, ['time', 'text']);
  const values: unknown[] = [];
  const where: string[] = [];
  const only = (condition: string, value: unknown) => {
    if (value !== undefined) where.push(`${condition} $${values.push(value)}`);
  };
  only('status =', query.status);
  only('channel =', query.channel);
  only('created_by =', query.createdBy);
  only('created_at >=', query.from);
  only('created_at <', query.until);
  if (query.cursor !== undefined) {
    where.push(`(created_at, id) < ($${values.push(time)}::timestamptz, $${values.push(id)})`);
  }
  const rows = await db.query<TicketRow & { exact: string }>(
    `SELECT ${ROW}, ${exactTime('created_at')} AS exact FROM tickets
      ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
      ORDER BY created_at DESC, id DESC LIMIT $${values.push(size + 1)}`,
    values,
  );
  return pageOf(
    rows,
    size,
    ({ exact: _exact, ...row }) => row,
    (row) => [row.exact, row.id],
  );
}
