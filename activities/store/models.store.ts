/** Model files by name, and what is served. Whoever serves follows `models`. */

import { MAX_PAGE, pageOf, pageSize, placeOf } from './cursor.js';
import type { Db } from './db.js';
import { Missing } from './errors.js';
import { CHANNEL } from './notifications.js';
import type { ModelRow, ModelsStore, Page, ServingRow } from './store.ports.js';
import { clean, toJson } from './text.js';

const MODEL = `name, digest, bytes, source, kind, metadata, created_by AS "createdBy",
  created_at AS "createdAt"`;
const SERVING = `s.name, s.slot, s.model, m.digest, s.adapter, a.digest AS "adapterDigest", s.share,
  s.version`;
const NOTIFY = `SELECT pg_notify('${CHANNEL}', 'models')`;
/** Of PostgreSQL: another row refers to this one. */
const STILL_USED = '23503';

export function createModels(db: Db): ModelsStore {
  return {
    put: (model) => put(db, model),
    get: async (name) =>
      (await db.query<ModelRow>(`SELECT ${MODEL} FROM models WHERE name = $1`, [name]))[0],
    list: (page) => list(db, page),

    remove: async (name) => {
      try {
        const gone = await db.query('DELETE FROM models WHERE name = $1 RETURNING name', [name]);
        return gone.length > 0 ? 'removed' : 'absent';
      } catch (error) {
        if ((error as { code?: string }).code === STILL_USED) return 'used';
        throw error;
      }
    },

    serve: (serving, by) => serve(db, serving, by),

    unserve: async (name, slot) => {
      const gone = await db.query(
        `WITH gone AS (DELETE FROM servings WHERE name = $1 AND slot = $2 RETURNING name)
         ${NOTIFY} FROM gone`,
        [name, slot],
      );
      return gone.length > 0;
    },

    servings: () => servings(db),
  };
}

/** A name may be given to another file; what serves that name then follows. */
function put(db: Db, model: Parameters<ModelsStore['put']>[0]): Promise<ModelRow> {
  return db.transaction(async (tx) => {
    const [before] = await tx.query<{ digest: string }>(
      'SELECT digest FROM models WHERE name = $1 FOR UPDATE',
      [model.name],
    );
    const [row] = await tx.query<ModelRow>(
      `INSERT INTO models (name, digest, bytes, source, kind, metadata, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (name) DO UPDATE SET digest = $2, bytes = $3, source = $4, kind = $5, metadata = $6
       RETURNING ${MODEL}`,
      [
        model.name,
        model.digest,
        model.bytes,
        clean(model.source),
        model.kind,
        toJson(model.metadata),
        model.createdBy,
      ],
    );
    if (!row) throw new Error('PostgreSQL kept a model and returned no row');
    if (before?.digest === model.digest) return row;
    await tx.query(
      `WITH followed AS (
         UPDATE servings SET version = nextval('serving_versions'), changed_by = $2,
                changed_at = now()
          WHERE model = $1 OR adapter = $1)
       ${NOTIFY}`,
      [model.name, model.createdBy],
    );
    return row;
  });
}

async function list(
  db: Db,
  { limit, cursor }: Parameters<ModelsStore['list']>[0],
): Promise<Page<ModelRow>> {
  const size = pageSize(limit);
  const [after] = placeOf(cursor, ['text']);
  const rows = await db.query<ModelRow>(
    `SELECT ${MODEL} FROM models WHERE $1::text IS NULL OR name > $1 ORDER BY name LIMIT $2`,
    [after, size + 1],
  );
  return pageOf(
    rows,
    size,
    (row) => row,
    (row) => [row.name],
  );
}

type Serving = Parameters<ModelsStore['serve']>[0];

function serve(db: Db, serving: Serving, by: string): Promise<ServingRow> {
  const { name, slot, model, adapter, share } = serving;
  return db.transaction(async (tx) => {
    const kinds = await tx.query<{ name: string; kind: string }>(
      'SELECT name, kind FROM models WHERE name = ANY($1) ORDER BY name FOR KEY SHARE',
      [[model, ...(adapter === null ? [] : [adapter])]],
    );
    const isThere = (wanted: string, kind: string) =>
      kinds.some((one) => one.name === wanted && one.kind === kind);
    if (!isThere(model, 'base')) throw new Missing('model', model);
    if (adapter !== null && !isThere(adapter, 'adapter')) throw new Missing('adapter', adapter);
    await tx.query(
      `WITH changed AS (
         INSERT INTO servings AS s (name, slot, model, adapter, share, version, changed_by)
         VALUES ($1, $2, $3, $4, $5, nextval('serving_versions'), $6)
         ON CONFLICT (name, slot) DO UPDATE SET model = $3, adapter = $4, share = $5,
                     version = excluded.version, changed_by = $6, changed_at = now()
          WHERE (s.model, s.share) <> ($3, $5) OR s.adapter IS DISTINCT FROM $4
         RETURNING name)
       ${NOTIFY} FROM changed`,
      [name, slot, model, adapter, share, by],
    );
    const [row] = await servings(tx, { name, slot });
    if (!row) throw new Error('PostgreSQL kept what is served and returned no row');
    return row;
  });
}

function servings(
  db: Pick<Db, 'query'>,
  { name, slot }: Partial<Pick<ServingRow, 'name' | 'slot'>> = {},
): Promise<ServingRow[]> {
  return db.query<ServingRow>(
    `SELECT ${SERVING} FROM servings s JOIN models m ON m.name = s.model
       LEFT JOIN models a ON a.name = s.adapter
      WHERE ($1::text IS NULL OR s.name = $1) AND ($2::text IS NULL OR s.slot = $2)
      ORDER BY s.name, s.slot LIMIT ${MAX_PAGE}`,
    [name ?? null, slot ?? null],
  );
}
