/** Conversations: who owns them, what they are called, and how long they are kept. */

import { exactTime, isUuid, pageOf, pageSize, placeOf } from './cursor.js';
import type { Db } from './db.js';
import { IdTaken } from './errors.js';
import { CHANNEL } from './notifications.js';
import type { ConversationRow, ConversationsStore, Page } from './store.ports.js';
import { clean } from './text.js';

const ROW = `id, kind, owner, title, retention, position, created_at AS "createdAt",
  updated_at AS "updatedAt"`;

export function createConversations(db: Db): ConversationsStore {
  return {
    create: (conversation) => create(db, conversation),

    get: async (id, login) => {
      if (!isUuid(id)) return undefined;
      const [row] = await db.query<ConversationRow>(
        `SELECT ${ROW} FROM conversations WHERE id = $1 AND (owner = $2 OR kind = 'room')`,
        [id, login],
      );
      return row;
    },

    list: (query) => list(db, query),

    change: async (id, { title, retention }) => {
      await db.query(
        `WITH changed AS (
           UPDATE conversations SET title = coalesce($2, title),
                  retention = coalesce($3, retention), updated_at = now()
            WHERE id = $1 RETURNING id)
         SELECT pg_notify('${CHANNEL}', 'conversation:' || id) FROM changed`,
        [id, title === undefined ? null : clean(title), retention ?? null],
      );
    },

    remove: async (id) => {
      // Both parts see what was there before: replicas that still answer hear that they may stop.
      await db.query(
        `WITH open AS (
           SELECT id FROM turns WHERE conversation_id = $1 AND status IN ('queued', 'answering')),
         removed AS (DELETE FROM conversations WHERE id = $1 RETURNING id)
         SELECT pg_notify('${CHANNEL}', topic)
           FROM (SELECT 'turn:' || id AS topic FROM open
                 UNION ALL SELECT 'conversation:' || id FROM removed) gone`,
        [id],
      );
    },
  };
}

type NewConversation = Parameters<ConversationsStore['create']>[0];

async function create(
  db: Db,
  { id, kind, owner, title }: NewConversation,
): Promise<ConversationRow> {
  await db.query(
    `INSERT INTO conversations (id, kind, owner, title) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING`,
    [id, kind, owner, clean(title)],
  );
  const [row] = await db.query<ConversationRow>(
    `SELECT ${ROW} FROM conversations WHERE id = $1 AND owner = $2 AND kind = $3`,
    [id, owner, kind],
  );
  if (!row) throw new IdTaken('conversation', id);
  return row;
}

/** Own private ones and rooms are two lists with an index each; a page merges their beginnings. */
async function list(
  db: Db,
  { login, limit, cursor }: Parameters<ConversationsStore['list']>[0],
): Promise<Page<ConversationRow>> {
  const size = pageSize(limit);
  const [time, id] = placeOf(cursor, ['time', 'uuid']);
  const after = cursor === undefined ? '' : 'AND (updated_at, id) < ($3::timestamptz, $4::uuid)';
  const order = 'ORDER BY updated_at DESC, id DESC LIMIT $2';
  const rows = await db.query<ConversationRow & { exact: string }>(
    `SELECT ${ROW}, ${exactTime('updated_at')} AS exact
       FROM ((SELECT * FROM conversations WHERE owner = $1 AND kind = 'private' ${after} ${order})
             UNION ALL (SELECT * FROM conversations WHERE kind = 'room' ${after} ${order})) seen
      ${order}`,
    cursor === undefined ? [login, size + 1] : [login, size + 1, time, id],
  );
  return pageOf(
    rows,
    size,
    ({ exact: _exact, ...row }) => row,
    (row) => [row.exact, row.id],
  );
}
