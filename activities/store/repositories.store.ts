/** Repositories, their order of triggers, and the pushes that Git may not have carried out yet. */
import type { DataSource } from 'typeorm';
import { MAX_PAGE, pageOf, pageSize, placeOf } from './cursor.js';
import type { Db } from './db.js';
import { RepositoryEntity } from './entities/repository.entity.js';
import { reaching } from './errors.js';
import type { Page, PageWish, PushRow, RepositoriesStore } from './store.ports.js';
import { toJson } from './text.js';

const PUSH = `id::text, repository, ref, old_commit AS "oldCommit", new_commit AS "newCommit", by,
  state, run_id AS "runId", "order", pipeline, created_at AS "createdAt"`;

export function createRepositories(db: Db, source: DataSource): RepositoriesStore {
  const repositories = source.getRepository(RepositoryEntity);
  return {
    create: (name, by) =>
      reaching(async () => {
        await repositories
          .createQueryBuilder()
          .insert()
          .values({ name, createdBy: by })
          .orIgnore()
          .execute();
      }),

    exists: (name) => reaching(() => repositories.existsBy({ name })),

    list: (page) => list(db, page),

    nextOrder: async (name) => {
      const [taken] = await db.query<{ order: number }>(
        `UPDATE repositories SET next_order = next_order + 1 WHERE name = $1
         RETURNING next_order - 1 AS "order"`,
        [name],
      );
      if (!taken) throw new Error(`the record has no repository "${name}"`);
      return taken.order;
    },

    receivePush: async (push) => {
      // The update changes nothing: it makes the row that is there already come back.
      const [row] = await db.query<PushRow>(
        `INSERT INTO pushes (repository, ref, old_commit, new_commit, by, run_id, "order", pipeline)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (repository, ref, old_commit, new_commit) WHERE state = 'received'
         DO UPDATE SET state = pushes.state
         RETURNING ${PUSH}`,
        [
          push.repository,
          push.ref,
          push.oldCommit,
          push.newCommit,
          push.by,
          push.runId,
          push.order,
          toJson(push.pipeline),
        ],
      );
      if (!row) throw new Error('PostgreSQL kept a push and returned no row');
      return row;
    },

    settlePush: async (id, state) => {
      await db.query(
        `UPDATE pushes SET state = $2, settled_at = now() WHERE id = $1 AND state = 'received'`,
        [id, state],
      );
    },

    unsettledPushes: (repository) =>
      db.query<PushRow>(
        `SELECT ${PUSH} FROM pushes
          WHERE state = 'received' AND ($1::text IS NULL OR repository = $1)
          ORDER BY pushes.id LIMIT ${MAX_PAGE}`,
        [repository ?? null],
      ),
  };
}

async function list(
  db: Db,
  { limit, cursor }: PageWish,
): Promise<Page<{ name: string; createdAt: Date }>> {
  const size = pageSize(limit);
  const [after] = placeOf(cursor, ['text']);
  const rows = await db.query<{ name: string; createdAt: Date }>(
    `SELECT name, created_at AS "createdAt" FROM repositories
      WHERE $1::text IS NULL OR name > $1 ORDER BY name LIMIT $2`,
    [after, size + 1],
  );
  return pageOf(
    rows,
    size,
    (row) => row,
    (row) => [row.name],
  );
}
