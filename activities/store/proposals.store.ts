/** Proposals of the assistant. Each is begun by one person, once. */
import type { Db } from './db.js';
import type { ProposalRow, ProposalsStore } from './proposals.ports.js';

const ROW = `id, by, actions, results, decided_by AS "decidedBy", created_at AS "createdAt",
  expires_at AS "expiresAt", decided_at AS "decidedAt",
  CASE WHEN state = 'open' AND expires_at <= now() THEN 'expired' ELSE state END AS state`;

export function createProposals(db: Db): ProposalsStore {
  const one = async (sql: string, values: unknown[]): Promise<ProposalRow | undefined> =>
    (await db.query<ProposalRow>(sql, values))[0];
  return {
    add: async ({ id, by, actions, seconds }) => {
      const row = await one(
        `INSERT INTO proposals (id, by, actions, expires_at)
         VALUES ($1, $2, $3, now() + make_interval(secs => $4))
         ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING ${ROW}`,
        [id, by, JSON.stringify(actions), seconds],
      );
      if (!row) throw new Error('a proposal was neither added nor found');
      return row;
    },
    get: (id) => one(`SELECT ${ROW} FROM proposals WHERE id = $1`, [id]),
    decide: (id, by, state) =>
      one(
        `UPDATE proposals SET state = $3, decided_by = $2, decided_at = now()
          WHERE id = $1 AND state = 'open' AND expires_at > now() RETURNING ${ROW}`,
        [id, by, state],
      ),
    end: (id, state, results) =>
      one(
        `UPDATE proposals SET state = $2, results = $3 WHERE id = $1 AND state = 'begun' RETURNING ${ROW}`,
        [id, state, JSON.stringify(results)],
      ),
  };
}
