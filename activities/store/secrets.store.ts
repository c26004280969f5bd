/** Sealed secrets: rows that say what a secret is called and where it applies, and bytes. */
import { MAX_PAGE, pageOf, pageSize, placeOf } from './cursor.js';
import type { Db } from './db.js';
import type { SealedSecretRow, SecretRow, SecretsStore } from './store.ports.js';

const ROW = `id, nullif(repository, '') AS repository, name, branches,
  nullif(stage, '') AS stage, version, key_id AS "keyId", updated_at AS "updatedAt",
  updated_by AS "updatedBy"`;
const SEALED = `${ROW}, wrapped_key AS "wrappedKey", sealed`;
/** One namespace of advisory locks; the second number is the repository. */
const COUNT_LOCK = 0x736c7331;

export function createSecrets(db: Db): SecretsStore {
  return {
    applying: ({ repository, names }) =>
      db.query<SecretRow>(
        `SELECT ${ROW} FROM secrets WHERE repository IN ('', $1) AND name = ANY($2)
          ORDER BY repository DESC, name, stage, branches LIMIT ${2 * MAX_PAGE}`,
        [repository, names],
      ),

    at: async ({ repository, name, branches, stage }) => {
      const [row] = await db.query<SecretRow>(
        `SELECT ${ROW} FROM secrets
          WHERE repository = $1 AND name = $2 AND stage = $3 AND branches = $4`,
        [repository ?? '', name, stage ?? '', branches],
      );
      return row;
    },

    put: (row, limit) => (row.version === 1 ? insert(db, row, limit) : update(db, row)),

    sealed: async (id) => {
      const [row] = await db.query<SealedSecretRow>(`SELECT ${SEALED} FROM secrets WHERE id = $1`, [
        id,
      ]);
      return row;
    },

    remove: async (id) => {
      const [row] = await db.query<SecretRow>(
        `DELETE FROM secrets WHERE id = $1 RETURNING ${ROW}`,
        [id],
      );
      return row;
    },

    list: async ({ repository, limit, cursor }) => {
      const size = pageSize(limit);
      const [afterRepository, afterName, afterId] = placeOf(cursor, ['text', 'text', 'text']);
      const rows = await db.query<SecretRow>(
        `SELECT ${ROW} FROM secrets
          WHERE ($1::text IS NULL OR repository IN ('', $1))
            AND ($2::text IS NULL OR (secrets.repository, name, id::text) > ($2, $3, $4))
          ORDER BY secrets.repository, name, id::text LIMIT ${size + 1}`,
        [repository ?? null, afterRepository, afterName, afterId],
      );
      return pageOf(
        rows,
        size,
        (row) => row,
        (row) => [row.repository ?? '', row.name, row.id],
      );
    },

    wrappedOtherwise: ({ keyId, after, limit }) =>
      db.query<SealedSecretRow>(
        `SELECT ${SEALED} FROM secrets
          WHERE key_id <> $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
        [keyId, after, pageSize(limit)],
      ),

    rewrap: async ({ id, version, from, keyId, wrappedKey }) => {
      const changed = await db.query(
        `UPDATE secrets SET key_id = $4, wrapped_key = $5
          WHERE id = $1 AND version = $2 AND key_id = $3 RETURNING id`,
        [id, version, from, keyId, wrappedKey],
      );
      return changed.length > 0;
    },
  };
}

function insert(db: Db, row: SealedSecretRow, limit: number): ReturnType<SecretsStore['put']> {
  const repository = row.repository ?? '';
  return db.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [COUNT_LOCK, repository]);
    const [count] = await tx.query<{ secrets: number }>(
      'SELECT count(*)::integer AS secrets FROM secrets WHERE repository = $1',
      [repository],
    );
    if ((count?.secrets ?? 0) >= limit) return 'full';
    const [kept] = await tx.query<SecretRow>(
      `INSERT INTO secrets (id, repository, name, branches, stage, version, key_id, wrapped_key,
                            sealed, updated_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (repository, name, stage, branches) DO NOTHING RETURNING ${ROW}`,
      [
        row.id,
        repository,
        row.name,
        row.branches,
        row.stage ?? '',
        row.version,
        row.keyId,
        row.wrappedKey,
        row.sealed,
        row.updatedBy,
      ],
    );
    return kept ?? 'changed';
  });
}

async function update(db: Db, row: SealedSecretRow): ReturnType<SecretsStore['put']> {
  const [kept] = await db.query<SecretRow>(
    `UPDATE secrets SET version = $2, key_id = $3, wrapped_key = $4, sealed = $5,
            updated_by = $6, updated_at = now()
      WHERE id = $1 AND version = $2 - 1 RETURNING ${ROW}`,
    [row.id, row.version, row.keyId, row.wrappedKey, row.sealed, row.updatedBy],
  );
  return kept ?? 'changed';
}
