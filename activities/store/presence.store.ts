/** Who looks at which conversation. Each replica says it of its own connections. */
import type { PresenceStore } from './chat.ports.js';
import { isUuid, MAX_PAGE } from './cursor.js';
import type { Db } from './db.js';
import { CHANNEL } from './notifications.js';
import { LIVING } from './replicas.living.js';

/** Somebody types for this long after a key was pressed; nobody is told of the end. */
export const TYPING_SECONDS = 6;

const TELL = `SELECT pg_notify('${CHANNEL}', 'presence:' || conversation_id) FROM changed`;

export function createPresence(db: Db): PresenceStore {
  return {
    here: async (replica, conversationId, login, tabs) => {
      if (!isUuid(conversationId)) return;
      const values = [conversationId, replica, login];
      await (tabs > 0
        ? db.query(
            `WITH changed AS (
               INSERT INTO presences AS p (conversation_id, replica, login, tabs)
               SELECT c.id, r.number, $3, $4::integer FROM conversations c, replicas r
                WHERE c.id = $1 AND r.number = $2
               ON CONFLICT (conversation_id, replica, login) DO UPDATE SET tabs = excluded.tabs
                WHERE p.tabs <> excluded.tabs
               RETURNING conversation_id)
             ${TELL}`,
            [...values, tabs],
          )
        : db.query(
            `WITH changed AS (
               DELETE FROM presences WHERE conversation_id = $1 AND replica = $2 AND login = $3
               RETURNING conversation_id)
             ${TELL}`,
            values,
          ));
    },

    typing: async (replica, conversationId, login) => {
      if (!isUuid(conversationId)) return;
      await db.query(
        `WITH changed AS (
           UPDATE presences SET typing_until = now() + interval '${TYPING_SECONDS} seconds'
            WHERE conversation_id = $1 AND replica = $2 AND login = $3 RETURNING conversation_id)
         ${TELL}`,
        [conversationId, replica, login],
      );
    },

    list: async (conversationId) => {
      if (!isUuid(conversationId)) return [];
      return db.query<{ login: string; tabs: number; isTyping: boolean }>(
        `SELECT login, sum(tabs)::integer AS tabs,
                coalesce(bool_or(typing_until > now()), false) AS "isTyping"
           FROM presences WHERE conversation_id = $1 AND replica IN ${LIVING}
          GROUP BY login ORDER BY login LIMIT ${MAX_PAGE}`,
        [conversationId],
      );
    },
  };
}
