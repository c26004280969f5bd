/** Words between replicas, and who they are. */
import type { Peer, PeersStore } from './chat.ports.js';
import { MAX_PAGE } from './cursor.js';
import type { Db } from './db.js';
import { CHANNEL } from './notifications.js';
import { LIVING } from './replicas.living.js';

/** PostgreSQL takes less than 8,000 bytes as one notification. */
const MAX_WORD_BYTES = 7_000;

export function createPeers(db: Db): PeersStore {
  return {
    say: async (word) => {
      if (Buffer.byteLength(word) > MAX_WORD_BYTES) {
        throw new Error(`a word between replicas may have ${MAX_WORD_BYTES} bytes`);
      }
      await db.query(`SELECT pg_notify('${CHANNEL}', $1)`, [word]);
    },

    others: (own) =>
      db.query<Peer>(
        `SELECT number, number IN ${LIVING} AS "isLiving" FROM replicas
          WHERE number <> $1 ORDER BY number LIMIT ${MAX_PAGE}`,
        [own],
      ),
  };
}
