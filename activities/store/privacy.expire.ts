/** What is older than its class allows goes, a few conversations at a time. */
import type { PrivacyStore } from './chat.ports.js';
import { pageSize } from './cursor.js';
import type { Db, Queries } from './db.js';
import { CHANNEL } from './notifications.js';
import { OPEN } from './turns.row.js';

/** Of one transaction. */
const CONVERSATIONS_AT_ONCE = 20;

type Expire = Parameters<PrivacyStore['expire']>;
type Expired = Awaited<ReturnType<PrivacyStore['expire']>>;

export async function expire(db: Db, ...[before, limit]: Expire): Promise<Expired> {
  const expired: Expired = { conversation: 0, turn: 0, ticket: 0 };
  let left = pageSize(limit);
  for (const retention of ['default', 'year', 'legal'] as const) {
    while (left > 0) {
      const size = Math.min(left, CONVERSATIONS_AT_ONCE);
      const some = await db.transaction((tx) => expireSome(tx, retention, before[retention], size));
      expired.conversation += some.conversation;
      expired.turn += some.turn;
      left -= some.looked;
      if (some.looked < size) break;
    }
  }
  const tickets = await db.query(
    `DELETE FROM tickets WHERE id IN (
       SELECT id FROM tickets WHERE updated_at < $1 ORDER BY updated_at LIMIT $2
          FOR UPDATE SKIP LOCKED) RETURNING id`,
    [before.year, pageSize(limit)],
  );
  return { ...expired, ticket: tickets.length };
}

/** Where nobody is being answered. Those that live on lose their older turns, and are looked at again when the next one is too old. */
async function expireSome(tx: Queries, retention: string, before: Date, limit: number) {
  const looked = await tx.query<{ id: string }>(
    `SELECT id FROM conversations c
      WHERE retention = $1 AND oldest_at < $2
        AND NOT EXISTS (SELECT FROM turns WHERE conversation_id = c.id AND ${OPEN})
      ORDER BY oldest_at LIMIT $3 FOR UPDATE SKIP LOCKED`,
    [retention, before, limit],
  );
  const ids = looked.map(({ id }) => id);
  if (ids.length === 0) return { looked: 0, conversation: 0, turn: 0 };
  const [gone] = await tx.query<{ conversation: number }>(
    `WITH gone AS (
       DELETE FROM conversations WHERE id = ANY($1) AND updated_at < $2 RETURNING id),
     told AS MATERIALIZED (
       SELECT pg_notify('${CHANNEL}', 'conversation:' || id) FROM gone)
     SELECT count(*) AS conversation FROM told`,
    [ids, before],
  );
  const turns = await tx.query(
    'DELETE FROM turns WHERE conversation_id = ANY($1) AND created_at < $2 RETURNING id',
    [ids, before],
  );
  await tx.query(
    `UPDATE conversations c
        SET oldest_at = coalesce((SELECT min(created_at) FROM turns WHERE conversation_id = c.id),
                                 now())
      WHERE id = ANY($1)`,
    [ids],
  );
  return { looked: ids.length, conversation: gone?.conversation ?? 0, turn: turns.length };
}
