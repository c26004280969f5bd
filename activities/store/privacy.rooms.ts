/** What an erased person leaves in rooms: the shape of the tree, and no words. */
import type { Db } from './db.js';
import { ERASED } from './erased.js';
import { CHANNEL } from './notifications.js';
import { OPEN } from './turns.row.js';

/** Of one transaction. */
const ROOMS_AT_ONCE = 20;

/** Questions of this person, and the answers to them; who reads the room hears of it. */
export async function blankInRooms(db: Db, login: string): Promise<{ turn: number }> {
  return db.transaction(async (tx) => {
    const rooms = await tx.query<{ id: string }>(
      `SELECT id FROM conversations
        WHERE id IN (SELECT conversation_id FROM turns WHERE by = $1 LIMIT ${ROOMS_AT_ONCE})
        ORDER BY id FOR UPDATE`,
      [login],
    );
    const [blanked] = await tx.query<{ turn: number }>(
      `WITH own AS (
         SELECT id AS own, conversation_id AS room,
                row_number() OVER (PARTITION BY conversation_id ORDER BY created_at, id) AS place
           FROM turns WHERE by = $1 AND conversation_id = ANY($2)),
       moved AS (
         UPDATE conversations SET position = position + counted.count
           FROM (SELECT room, count(*) FROM own GROUP BY room) counted WHERE id = counted.room
         RETURNING id AS moved, position - counted.count AS before),
       changed AS (
         UPDATE turns SET by = '${ERASED}', text = '', chars = 0, meta = '{}', wish = NULL,
                failure = NULL, replica = NULL, position = before + place,
                status = CASE WHEN ${OPEN} THEN 'cancelled' ELSE status END,
                finished_at = coalesce(finished_at, now())
           FROM own JOIN moved ON moved = room WHERE turns.id = own.own
         RETURNING turns.id, turns.conversation_id),
       told AS MATERIALIZED (
         SELECT pg_notify('${CHANNEL}', 'turn:' || id),
                pg_notify('${CHANNEL}', 'conversation:' || conversation_id) FROM changed)
       SELECT count(*) AS turn FROM told`,
      [login, rooms.map(({ id }) => id)],
    );
    return { turn: blanked?.turn ?? 0 };
  });
}

/** Own rooms in which nobody else spoke go away. */
export async function closeRooms(db: Db, login: string): Promise<{ conversation: number }> {
  const [row] = await db.query<{ conversation: number }>(
    `WITH doomed AS (
       SELECT id FROM conversations c
        WHERE owner = $1 AND kind = 'room'
          AND NOT EXISTS (SELECT FROM turns
                           WHERE conversation_id = c.id AND by NOT IN ($1, '${ERASED}'))
        LIMIT ${ROOMS_AT_ONCE}),
     gone AS (
       DELETE FROM conversations WHERE id IN (SELECT id FROM doomed) RETURNING id),
     told AS MATERIALIZED (
       SELECT pg_notify('${CHANNEL}', 'conversation:' || id) FROM gone)
     SELECT count(*) AS conversation FROM told`,
    [login],
  );
  return { conversation: row?.conversation ?? 0 };
}

/** The others lose their title and their owner. */
export async function leaveRooms(db: Db, login: string): Promise<{ room: number }> {
  const [row] = await db.query<{ room: number }>(
    `WITH left_by AS (
       UPDATE conversations SET owner = '${ERASED}', title = ''
        WHERE id IN (SELECT id FROM conversations WHERE owner = $1 AND kind = 'room'
                      LIMIT ${ROOMS_AT_ONCE})
       RETURNING id),
     told AS MATERIALIZED (
       SELECT pg_notify('${CHANNEL}', 'conversation:' || id) FROM left_by)
     SELECT count(*) AS room FROM told`,
    [login],
  );
  return { room: row?.room ?? 0 };
}
