/** Answers whose replica is gone are taken over by one that lives; what dead replicas left is swept. */
import type { OpenTurn } from './chat.ports.js';
import { pageSize } from './cursor.js';
import type { Db, Queries } from './db.js';
import { CHANNEL } from './notifications.js';
import { LIVING } from './replicas.living.js';
import { toJson } from './text.js';
import { OPEN, turnColumns } from './turns.row.js';

/** Replicas that may make one answer, one after the other. */
export const MAX_ATTEMPTS = 5;

/** A replica that was away for longer starts without what it said about who is present. */
const SWEEP_AFTER = '1 minute';

const LOST = {
  code: 'answer-lost',
  message: `${MAX_ATTEMPTS} processes began this answer, and each ended before it was whole`,
  help: 'Ask again; if that fails too, an operator finds the reason in the log of the chat role.',
};

export async function adopt(db: Db, replica: number, limit: number): Promise<OpenTurn[]> {
  await sweep(db);
  const found = await db.query<{ id: string; conversationId: string }>(
    `SELECT id, conversation_id AS "conversationId" FROM turns
      WHERE ${orphaned(1)} ORDER BY turns.created_at LIMIT $2`,
    [replica, pageSize(limit)],
  );
  return found.length === 0 ? [] : db.transaction((tx) => take(tx, replica, found));
}

/** That nobody makes; and none at all when the one who asks does not hold its own lock. */
function orphaned(asking: number): string {
  return `${OPEN} AND replica NOT IN ${LIVING} AND $${asking} IN ${LIVING}`;
}

/** Conversations first, as every writer does; one that another adopter holds is left to it. */
async function take(
  tx: Queries,
  replica: number,
  found: { id: string; conversationId: string }[],
): Promise<OpenTurn[]> {
  const locked = await tx.query<{ id: string }>(
    'SELECT id FROM conversations WHERE id = ANY($1) ORDER BY id FOR UPDATE SKIP LOCKED',
    [[...new Set(found.map((turn) => turn.conversationId))]],
  );
  const taken = await tx.query<OpenTurn>(
    `WITH orphans AS (
       SELECT id AS orphan, conversation_id AS room,
              row_number() OVER (PARTITION BY conversation_id ORDER BY created_at) AS place
         FROM turns WHERE id = ANY($2) AND conversation_id = ANY($3) AND ${orphaned(1)}),
     moved AS (
       UPDATE conversations SET position = position + orphans.count, updated_at = now()
         FROM (SELECT room, count(*) FROM orphans GROUP BY room) orphans WHERE id = orphans.room
       RETURNING id AS moved, position - orphans.count AS before),
     changed AS (
       UPDATE turns SET position = before + place, replica = $1::integer,
              attempts = attempts + CASE WHEN ${IS_LOST} THEN 0 ELSE 1 END,
              status = CASE WHEN ${IS_LOST} THEN 'failed' ELSE status END,
              failure = CASE WHEN ${IS_LOST} THEN $4::jsonb END,
              wish = CASE WHEN ${IS_LOST} THEN NULL ELSE wish END,
              finished_at = CASE WHEN ${IS_LOST} THEN now() END
         FROM orphans JOIN moved ON moved = room WHERE turns.id = orphan
       RETURNING turns.*)
     SELECT ${turnColumns('changed')}, wish, replica,
            pg_notify('${CHANNEL}', 'turn:' || id) AS told,
            pg_notify('${CHANNEL}', 'conversation:' || conversation_id) AS also
       FROM changed ORDER BY created_at`,
    [replica, found.map((turn) => turn.id), locked.map(({ id }) => id), toJson(LOST)],
  );
  return taken
    .filter((turn) => turn.status !== 'failed')
    .map(
      ({ told: _told, also: _also, ...turn }: OpenTurn & { told?: unknown; also?: unknown }) =>
        turn,
    );
}

const IS_LOST = `attempts >= ${MAX_ATTEMPTS}`;

/** Rows of replicas that are gone, and with them who was present there. */
async function sweep(db: Db): Promise<void> {
  await db.query(`UPDATE replicas SET lost_at = now() WHERE ${rowsOf('lost_at IS NULL')}`);
  await db.query(
    `WITH gone AS (
       DELETE FROM replicas WHERE ${rowsOf(`lost_at < now() - interval '${SWEEP_AFTER}'`)}
       RETURNING number)
     SELECT pg_notify('${CHANNEL}', 'presence:' || conversation_id)
       FROM (SELECT DISTINCT conversation_id FROM presences JOIN gone ON number = replica) left_by`,
  );
}

/** Of the gone ones; what another one sweeps now is left to it. */
function rowsOf(which: string): string {
  return `number IN (SELECT number FROM replicas WHERE ${which} AND number NOT IN ${LIVING}
                        FOR UPDATE SKIP LOCKED)`;
}
