/** Stages, their history, and releases. Needs no TypeORM: the reconciler uses it over a small pool. */
import { exactTime, pageOf, pageSize, placeOf } from './cursor.js';
import type { Db } from './db.js';
import { CHANNEL } from './notifications.js';
import type { Page, ReleaseRow, StageEvent, StageRow, StagesStore } from './store.ports.js';
import { clean, cleanReason, toJson } from './text.js';

const STAGE = `repository, name, url, revision, digest, health, message,
  (extract(epoch FROM now() - observed_at) * 1000)::float8 AS "silentMs", queue`;
/** A put-back that left what served before it only rejected a release. */
const KIND = `CASE WHEN kind = 'putBack' AND digest IS NOT DISTINCT FROM (
    SELECT before.digest FROM stage_history before
     WHERE before.repository = now.repository AND before.stage = now.stage AND before.id < now.id
     ORDER BY before.id DESC LIMIT 1)
  THEN 'rejection' ELSE kind END AS kind`;
const EVENT = `repository, stage, revision, ${KIND}, digest, rejected, run_id AS "runId", reason, at`;
const RELEASE = `digest, repository, commit, run_id AS "runId", artifacts,
  created_at AS "createdAt"`;
const notify = (stage: string) =>
  `SELECT pg_notify('${CHANNEL}', 'stage:' || repository || '/' || ${stage})`;

export function createStages(db: Db): StagesStore {
  return {
    observe: (stage) => observe(db, stage),

    queue: async (repository, name, places) => {
      await db.query(
        `WITH changed AS (
           INSERT INTO stages (repository, name, queue) VALUES ($1, $2, $3)
           ON CONFLICT (repository, name) DO UPDATE SET queue = excluded.queue
             WHERE stages.queue IS DISTINCT FROM excluded.queue
           RETURNING repository, name)
         ${notify('name')} FROM changed`,
        [repository, name, toJson(places)],
      );
    },

    get: async (repository, name) => {
      const rows = await db.query<StageRow>(
        `SELECT ${STAGE} FROM stages WHERE repository = $1 AND name = $2`,
        [repository, name],
      );
      return rows[0];
    },

    list: (query) => list(db, query),

    happened: async (event) => {
      await db.query(
        `WITH changed AS (
           INSERT INTO stage_history
                  (repository, stage, revision, kind, digest, rejected, run_id, reason)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (revision) DO NOTHING RETURNING repository, stage)
         ${notify('stage')} FROM changed`,
        [
          event.repository,
          event.stage,
          event.revision,
          event.kind,
          event.digest,
          event.rejected,
          event.runId,
          cleanReason(event.reason),
        ],
      );
    },

    history: (query) => history(db, query),

    keepRelease: async (release) => {
      await db.query(
        `INSERT INTO releases (digest, repository, commit, run_id, artifacts)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (digest) DO NOTHING`,
        [
          release.digest,
          release.repository,
          release.commit,
          release.runId,
          toJson(release.artifacts),
        ],
      );
    },

    release: async (digest) => {
      const rows = await db.query<ReleaseRow>(`SELECT ${RELEASE} FROM releases WHERE digest = $1`, [
        digest,
      ]);
      return rows[0];
    },

    releases: (query) => releases(db, query),
  };
}

async function list(
  db: Db,
  { repository, limit, cursor }: Parameters<StagesStore['list']>[0],
): Promise<Page<StageRow>> {
  const size = pageSize(limit);
  const [after, name] = placeOf(cursor, ['text', 'text']);
  const rows = await db.query<StageRow>(
    `SELECT ${STAGE} FROM stages
      WHERE ($1::text IS NULL OR repository = $1)
        AND ($2::text IS NULL OR (repository, name) > ($2, $3))
      ORDER BY repository, name LIMIT $4`,
    [repository ?? null, after, name, size + 1],
  );
  return pageOf(
    rows,
    size,
    (row) => row,
    (row) => [row.repository, row.name],
  );
}

/** Notes the time of every observation, and wakes listeners only when something else changed. */
async function observe(db: Db, stage: Parameters<StagesStore['observe']>[0]): Promise<void> {
  const { repository, name, url, revision, digest, health } = stage;
  const message = clean(stage.message);
  await db.query(
    `WITH before AS (
       SELECT url, revision, digest, health, message FROM stages
        WHERE repository = $1 AND name = $2),
     written AS (
       INSERT INTO stages (repository, name, url, revision, digest, health, message, observed_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, now())
       ON CONFLICT (repository, name) DO UPDATE
         SET url = excluded.url, revision = excluded.revision, digest = excluded.digest,
             health = excluded.health, message = excluded.message,
             observed_at = excluded.observed_at
       RETURNING repository, name, url, revision, digest, health, message)
     ${notify('name')} FROM written
      WHERE NOT EXISTS (
        SELECT FROM before
         WHERE (before.*) IS NOT DISTINCT FROM (written.url, written.revision, written.digest,
                                                written.health, written.message))`,
    [repository, name, url, revision, digest, health, message],
  );
}

async function history(
  db: Db,
  query: Parameters<StagesStore['history']>[0],
): Promise<Page<StageEvent>> {
  const limit = pageSize(query.limit);
  const [id] = placeOf(query.cursor, ['number']);
  const rows = await db.query<StageEvent & { id: number }>(
    `SELECT id, ${EVENT} FROM stage_history now
      WHERE repository = $1 AND stage = $2 AND ($3::bigint IS NULL OR id < $3)
      ORDER BY id DESC LIMIT $4`,
    [query.repository, query.stage, id, limit + 1],
  );
  return pageOf(
    rows,
    limit,
    ({ id: _id, ...event }) => event,
    (row) => [String(row.id)],
  );
}

async function releases(
  db: Db,
  query: Parameters<StagesStore['releases']>[0],
): Promise<Page<ReleaseRow>> {
  const limit = pageSize(query.limit);
  const [createdAt, digest] = placeOf(query.cursor, ['time', 'text']);
  const values: unknown[] = [];
  const conditions: string[] = [];
  if (query.repository) conditions.push(`repository = $${values.push(query.repository)}`);
  if (query.cursor !== undefined) {
    const [time, last] = [values.push(createdAt), values.push(digest)];
    conditions.push(`(created_at, digest) < ($${time}::timestamptz, $${last})`);
  }
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  const rows = await db.query<ReleaseRow & { exact: string }>(
    `SELECT ${RELEASE}, ${exactTime('created_at')} AS exact FROM releases ${where}
      ORDER BY created_at DESC, digest DESC LIMIT $${values.push(limit + 1)}`,
    values,
  );
  return pageOf(
    rows,
    limit,
    ({ exact: _exact, ...release }) => release,
    (row) => [row.exact, row.digest],
  );
}
