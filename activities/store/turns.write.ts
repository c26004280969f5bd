/**
 * How an answer grows and ends. Every statement is guarded by the replica that makes the answer and by
 * its state, so that of two writers one is told to stop.
 *
 * Locks are taken in one order, conversation before turn; the position of a change is taken under the
 * conversation's lock, so positions are committed in order. Text that is added moves no position:
 * whoever follows an answer asks for its text by characters, and no room waits for another's answer.
 */
import type { TurnRow, TurnsStore } from './chat.ports.js';
import { isUuid } from './cursor.js';
import type { Db } from './db.js';
import { CHANNEL } from './notifications.js';
import { clean, cleanSameLength, toJson } from './text.js';
import { OPEN } from './turns.row.js';

const TELL = `SELECT pg_notify('${CHANNEL}', 'turn:' || id),
    pg_notify('${CHANNEL}', 'conversation:' || conversation_id) FROM changed`;

/** The next position of the conversation of turn $1, where that turn is as `guard` says. */
const placeWhere = (guard: string) => `place AS (
    UPDATE conversations SET position = position + 1, updated_at = now()
     WHERE id = (SELECT conversation_id FROM turns WHERE id = $1 AND ${guard})
    RETURNING id, position)`;

type Append = Parameters<TurnsStore['append']>;

export async function append(db: Db, ...[id, replica, from, text]: Append): Promise<boolean> {
  const added = cleanSameLength(text);
  const values = [id, replica, from, added, added.length];
  const told = await db.query(
    `WITH changed AS (
       UPDATE turns SET text = text || $4, chars = chars + $5
        WHERE id = $1 AND replica = $2 AND chars = $3 AND status = 'answering' RETURNING id)
     SELECT pg_notify('${CHANNEL}', 'turn:' || id) FROM changed`,
    values,
  );
  if (told.length > 0) return true;
  const guard = `replica = $2 AND chars = $3 AND status = 'queued'`;
  const begun = await db.query(
    `WITH ${placeWhere(guard)},
     changed AS (
       UPDATE turns SET status = 'answering', text = text || $4, chars = chars + $5,
              position = place.position
         FROM place WHERE turns.id = $1 AND ${guard}
       RETURNING turns.id, turns.conversation_id)
     ${TELL}`,
    values,
  );
  return begun.length > 0 || isAppended(db, { id, replica, from, text: added });
}

/** An earlier try did it, and its answer was lost. */
async function isAppended(
  db: Db,
  { id, replica, from, text }: { id: string; replica: number; from: number; text: string },
): Promise<boolean> {
  const [row] = await db.query<Pick<TurnRow, 'text'>>(
    `SELECT text FROM turns
      WHERE id = $1 AND replica = $2 AND chars = $3 AND status = 'answering'`,
    [id, replica, from + text.length],
  );
  return row !== undefined && row.text.slice(from) === text;
}

type Finish = Parameters<TurnsStore['finish']>;

export async function finish(db: Db, ...[id, replica, end]: Finish): Promise<boolean> {
  const text = end.text === undefined ? null : cleanSameLength(end.text);
  const guard = `replica = $2 AND ${OPEN}`;
  const ended = await db.query(
    `WITH ${placeWhere(guard)},
     changed AS (
       UPDATE turns SET status = $3, meta = $4, failure = $5, text = coalesce($6, text),
              chars = coalesce($7, chars), wish = NULL, finished_at = now(),
              position = place.position
         FROM place WHERE turns.id = $1 AND ${guard}
       RETURNING turns.id, turns.conversation_id)
     ${TELL}`,
    [id, replica, end.status, toJson(end.meta), toJson(end.failure), text, text?.length ?? null],
  );
  if (ended.length > 0) return true;
  const before = await db.query(
    'SELECT FROM turns WHERE id = $1 AND replica = $2 AND status = $3',
    [id, replica, end.status],
  );
  return before.length > 0;
}

/** Ends it here and now: nobody has to live for that. Whoever makes it hears of it, and is refused. */
export async function cancel(db: Db, id: string): Promise<boolean> {
  if (!isUuid(id)) return false;
  const ended = await db.query(
    `WITH ${placeWhere(OPEN)},
     changed AS (
       UPDATE turns SET status = 'cancelled', replica = NULL, wish = NULL, finished_at = now(),
              position = place.position
         FROM place WHERE turns.id = $1 AND ${OPEN}
       RETURNING turns.id, turns.conversation_id)
     ${TELL}`,
    [id],
  );
  return ended.length > 0;
}

type Rate = Parameters<TurnsStore['rate']>;

export async function rate(db: Db, ...[turnId, by, thumb, comment]: Rate): Promise<void> {
  await db.query(
    `WITH rated AS (
       INSERT INTO feedback AS f (turn_id, by, thumb, comment)
       SELECT id, $2, $3, $4 FROM turns WHERE id = $1
       ON CONFLICT (turn_id, by) DO UPDATE SET thumb = $3, comment = $4, created_at = now()
        WHERE f.thumb <> $3 OR f.comment IS DISTINCT FROM $4
       RETURNING turn_id),
     place AS (
       UPDATE conversations SET position = position + 1
        WHERE id = (SELECT conversation_id FROM turns WHERE id IN (SELECT turn_id FROM rated))
       RETURNING id, position),
     changed AS (
       UPDATE turns SET position = place.position FROM place WHERE turns.id = $1)
     SELECT pg_notify('${CHANNEL}', 'conversation:' || id) FROM place`,
    [turnId, by, thumb, comment === null ? null : clean(comment)],
  );
}
