/** Turns of conversations: a tree of questions and answers. Writing is in turns.ask and turns.write. */
import type { RatingRow, TurnRow, TurnStatus, TurnsStore } from './chat.ports.js';
import { isUuid, MAX_PAGE, pageSize } from './cursor.js';
import type { Db } from './db.js';
import { adopt } from './turns.adopt.js';
import { ask } from './turns.ask.js';
import { keepTalks } from './turns.keep.js';
import { TURN, turnColumns } from './turns.row.js';
import { append, cancel, finish, rate } from './turns.write.js';

export function createTurns(db: Db): TurnsStore {
  return {
    ask: (...asking) => ask(db, ...asking),
    keep: keepTalks(db),
    append: (...appending) => append(db, ...appending),
    finish: (...ending) => finish(db, ...ending),
    cancel: (id) => cancel(db, id),
    adopt: (replica, limit) => adopt(db, replica, limit),
    rate: (...rating) => rate(db, ...rating),

    get: async (id) => {
      if (!isUuid(id)) return undefined;
      return (await db.query<TurnRow>(`SELECT ${TURN} FROM turns WHERE id = $1`, [id]))[0];
    },

    tail: (id, from) => tail(db, id, from),

    changed: (conversationId, after, limit) =>
      db.query<TurnRow>(
        `SELECT ${TURN} FROM turns WHERE conversation_id = $1 AND position > $2
          ORDER BY position LIMIT $3`,
        [conversationId, after, pageSize(limit)],
      ),

    path: (id) => path(db, id),

    ratings: (turnIds) =>
      db.query<RatingRow>(
        `SELECT turn_id AS "turnId", by, thumb, comment, created_at AS "createdAt" FROM feedback
          WHERE turn_id = ANY($1) ORDER BY turn_id, by LIMIT ${MAX_PAGE}`,
        [turnIds.slice(0, MAX_PAGE)],
      ),
  };
}

/** PostgreSQL counts whole characters, our offset counts UTF-16 code units; mostly they are the same. */
async function tail(db: Db, id: string, from: number): ReturnType<TurnsStore['tail']> {
  if (!isUuid(id)) return undefined;
  const [row] = await db.query<{ status: TurnStatus; text: string; isWhole: boolean }>(
    `SELECT status, chars <> length(text) AS "isWhole",
            CASE WHEN chars = length(text) THEN substr(text, $2 + 1) ELSE text END AS text
       FROM turns WHERE id = $1`,
    [id, from],
  );
  if (!row) return undefined;
  return { status: row.status, text: row.isWhole ? row.text.slice(from) : row.text };
}

async function path(db: Db, id: string): Promise<TurnRow[]> {
  if (!isUuid(id)) return [];
  const upwards = await db.query<TurnRow & { up: number }>(
    `WITH RECURSIVE way AS (
       SELECT turns.*, 1 AS up FROM turns WHERE id = $1
       UNION ALL
       SELECT parent.*, way.up + 1 FROM way JOIN turns parent ON parent.id = way.parent_id
        WHERE way.up < ${MAX_PAGE})
     SELECT ${turnColumns('way')}, up FROM way ORDER BY up DESC`,
    [id],
  );
  return upwards.map(({ up: _up, ...row }) => row);
}
