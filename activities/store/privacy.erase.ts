/**
 * Erasing a person. In small transactions, each whole in itself: a call that was cut off is made again.
 * What others wrote stays, and so does the shape of the tree that it hangs in.
 */
import type { PrivacyStore } from './chat.ports.js';
import type { Db } from './db.js';
import { ERASED } from './erased.js';
import { Missing } from './errors.js';
import { CHANNEL } from './notifications.js';
import { blankInRooms, closeRooms, leaveRooms } from './privacy.rooms.js';
import { SUBJECTS } from './privacy.subjects.js';
import { toJson } from './text.js';
import { BLANK } from './tickets.store.js';
import { OPEN } from './turns.row.js';

/** Of one transaction. */
const CONVERSATIONS_AT_ONCE = 20;
const ROWS_AT_ONCE = 1_000;
/** Who goes on writing meanwhile is erased again when that is asked for again. */
const MAX_ROUNDS = 100_000;

type Counts = Record<string, number>;
/** Erases some of what there is; all counts are zero when there was nothing any more. */
type Step = (db: Db, login: string) => Promise<Counts>;

const STEPS: readonly Step[] = [
  rows('feedback', 'DELETE FROM feedback', 'feedback', 'by = $1'),
  deletePrivate,
  blankInRooms,
  closeRooms,
  leaveRooms,
  rows('ticket', `UPDATE tickets SET ${BLANK}`, 'tickets', 'created_by = $1'),
  rows('usage', 'DELETE FROM usage', 'usage', `subject IN ${SUBJECTS}`),
  rows('presence', 'DELETE FROM presences', 'presences', 'login = $1'),
  rows('proposal', 'DELETE FROM proposals', 'proposals', 'by = $1'),
];

const LEFT = `SELECT (SELECT count(*) FROM conversations WHERE owner = $1) AS conversation,
    (SELECT count(*) FROM turns WHERE by = $1) AS turn,
    (SELECT count(*) FROM feedback WHERE by = $1) AS feedback,
    (SELECT count(*) FROM tickets WHERE created_by = $1) AS ticket,
    (SELECT count(*) FROM usage WHERE subject IN ${SUBJECTS}) AS usage,
    (SELECT count(*) FROM presences WHERE login = $1) AS presence,
    (SELECT count(*) FROM proposals WHERE by = $1) AS proposal`;

export async function erase(
  db: Db,
  login: string,
  askedBy: string,
): ReturnType<PrivacyStore['erase']> {
  if (login === ERASED) throw new Missing('user', login);
  const erased: Counts = {};
  for (const step of STEPS) await untilNone(() => step(db, login), erased);
  const [left] = await db.query<Counts>(LEFT, [login]);
  if (!left) throw new Error('PostgreSQL counted what is left and returned no row');
  const [kept] = await db.query<{ id: string; createdAt: Date }>(
    `INSERT INTO erasures (login, asked_by, report) VALUES ($1, $2, $3)
     RETURNING id, created_at AS "createdAt"`,
    [login, askedBy, toJson({ erased, left })],
  );
  if (!kept) throw new Error('PostgreSQL kept a report and returned no row');
  return { ...kept, erased, left };
}

async function untilNone(some: () => Promise<Counts>, erased: Counts): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const counts = Object.entries(await some());
    for (const [kind, count] of counts) erased[kind] = (erased[kind] ?? 0) + count;
    if (counts.every(([, count]) => count === 0)) return;
  }
}

/** Rows of one table that need nothing else done. */
function rows(kind: string, change: string, table: string, whose: string): Step {
  const some = `(SELECT ctid FROM ${table} WHERE ${whose} LIMIT ${ROWS_AT_ONCE} FOR UPDATE)`;
  return async (db, login) => {
    const [row] = await db.query<{ count: number }>(
      `WITH changed AS (${change} WHERE ctid IN ${some} RETURNING 1)
       SELECT count(*) FROM changed`,
      [login],
    );
    return { [kind]: row?.count ?? 0 };
  };
}

async function deletePrivate(db: Db, login: string): Promise<Counts> {
  const [row] = await db.query<{ conversation: number; turn: number }>(
    `WITH doomed AS (
       SELECT id FROM conversations WHERE owner = $1 AND kind = 'private'
        ORDER BY id LIMIT ${CONVERSATIONS_AT_ONCE} FOR UPDATE),
     inside AS MATERIALIZED (
       SELECT id, ${OPEN} AS is_open FROM turns
        WHERE conversation_id IN (SELECT id FROM doomed)),
     gone AS (
       DELETE FROM conversations WHERE id IN (SELECT id FROM doomed) RETURNING id),
     told AS MATERIALIZED (
       SELECT pg_notify('${CHANNEL}', topic)
         FROM (SELECT 'turn:' || id AS topic FROM inside WHERE is_open
               UNION ALL SELECT 'conversation:' || id FROM gone) topics)
     SELECT (SELECT count(*) FROM gone) AS conversation, (SELECT count(*) FROM inside) AS turn,
            (SELECT count(*) FROM told) AS told`,
    [login],
  );
  return { conversation: row?.conversation ?? 0, turn: row?.turn ?? 0 };
}
