/** What everybody used in a window, of all replicas together. */
import type { UsageStore } from './chat.ports.js';
import type { Db } from './db.js';
import { clean } from './text.js';

/** Windows that one call forgets at most: it shall not hold up who counts. */
const FORGET_AT_ONCE = 10_000;

export function createUsage(db: Db): UsageStore {
  return {
    add: async (startsAt, used) => {
      if (used.length === 0) return [];
      // In the order of subjects, so that two replicas never wait for each other.
      return db.query<{ subject: string; requests: number; tokens: number }>(
        `INSERT INTO usage AS u (subject, starts_at, requests, tokens)
         SELECT subject, $1, sum(requests), sum(tokens)
           FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS used(subject, requests, tokens)
          GROUP BY subject ORDER BY subject
         ON CONFLICT (subject, starts_at) DO UPDATE
                SET requests = u.requests + excluded.requests, tokens = u.tokens + excluded.tokens
         RETURNING subject, requests, tokens`,
        [
          startsAt,
          used.map(({ subject }) => clean(subject)),
          used.map(({ requests }) => requests),
          used.map(({ tokens }) => tokens),
        ],
      );
    },

    forget: async (before) => {
      await db.query(
        `DELETE FROM usage WHERE ctid IN (
           SELECT ctid FROM usage WHERE starts_at < $1
            ORDER BY starts_at LIMIT ${FORGET_AT_ONCE} FOR UPDATE SKIP LOCKED)`,
        [before],
      );
    },
  };
}
