/** Runs, their steps and their logs. */
import { exactTime, pageOf, pageSize, placeOf } from './cursor.js';
import type { Db } from './db.js';
import { CHANNEL } from './notifications.js';
import { readLogs } from './runs.logs.js';
import { writeChanges } from './runs.write.js';
import type {
  Page,
  RunFilter,
  RunLoad,
  RunRow,
  RunSummaryRow,
  RunsStore,
  StepRow,
} from './store.ports.js';
import { clean, cleanReason, toJson } from './text.js';

/** Counts stop here: who compares them has lower limits. */
const MAX_COUNTED = 50_000;
/** The time over which the pace of runs is measured, seconds. */
const PACE_SECONDS = 60;

const SUMMARY = `id, repository, pipeline, commit, branch, "order", trigger, status, reason, position,
  created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt"`;
const STEP = `run_id AS "runId", name, index, kind, status, reason, summary,
  exit_code AS "exitCode", signal, attempts, result, started_at AS "startedAt",
  finished_at AS "finishedAt", position`;

export function createRuns(db: Db): RunsStore {
  return {
    open: (run) => open(db, run),
    write: (changes) => db.transaction((tx) => writeChanges(tx, changes)),
    get: async (id) =>
      (await db.query<RunRow>(`SELECT ${SUMMARY}, plan FROM runs WHERE id = $1`, [id]))[0],
    steps: (id) =>
      db.query<StepRow>(`SELECT ${STEP} FROM steps WHERE run_id = $1 ORDER BY index`, [id]),
    list: (filter) => list(db, filter),
    eventsAfter: (id, position, limit) => eventsAfter(db, id, position, limit),
    logs: (query) => logs(db, query),
    load: (repository) => load(db, repository),
  };
}

type Opening = Parameters<RunsStore['open']>[0];

/** The opening is the run's first event: the run and all of its steps carry one position. */
async function open(db: Db, { run, trigger, plan, lintReason, lintLog }: Opening): Promise<void> {
  const saidNo = lintReason !== undefined;
  const status = saidNo ? 'failed' : 'pending';
  const reason = cleanReason(lintReason ?? null);
  const steps = saidNo ? [{ name: 'lint', kind: 'lint' }] : (plan?.steps ?? []);
  await db.query(
    `WITH opened AS (
       INSERT INTO runs (id, repository, pipeline, commit, branch, "order", trigger, plan, status,
                         reason, position, started_at, finished_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $15, $11, $11)
       ON CONFLICT (id) DO NOTHING
       RETURNING id, started_at),
     planned AS (
       INSERT INTO steps (run_id, name, index, kind, status, reason, position, started_at,
                          finished_at)
       SELECT opened.id, s.name, s.place - 1, s.kind, $9, $10, $15, opened.started_at,
              opened.started_at
         FROM opened, unnest($12::text[], $13::text[]) WITH ORDINALITY AS s(name, kind, place)),
     said AS (
       INSERT INTO log_chunks (run_id, position, step, attempt, stream, at, text)
       SELECT opened.id, 1, 'lint', 1, 'slipway', opened.started_at, $14
         FROM opened WHERE $14::text IS NOT NULL)
     SELECT pg_notify('${CHANNEL}', 'run:' || id) FROM opened`,
    [
      run.id,
      run.repository,
      run.pipeline,
      run.commit,
      run.branch,
      run.order,
      toJson(trigger),
      toJson(plan),
      status,
      reason,
      saidNo ? new Date() : null,
      steps.map((s) => s.name),
      steps.map((s) => s.kind),
      lintLog === undefined ? null : clean(lintLog),
      lintLog === undefined ? 1 : 2, // What a step said comes before its end.
    ],
  );
}

async function list(db: Db, filter: RunFilter): Promise<Page<RunSummaryRow>> {
  const limit = pageSize(filter.limit);
  const [createdAt, id] = placeOf(filter.cursor, ['time', 'text']);
  const values: unknown[] = [];
  const conditions = (['repository', 'commit', 'branch', 'pipeline', 'status'] as const)
    .filter((column) => filter[column] !== undefined)
    .map((column) => `${column} = $${values.push(filter[column])}`);
  if (filter.cursor !== undefined) {
    const [time, last] = [values.push(createdAt), values.push(id)];
    conditions.push(`(created_at, id) < ($${time}::timestamptz, $${last})`);
  }
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  const rows = await db.query<RunSummaryRow & { exact: string }>(
    `SELECT ${SUMMARY}, ${exactTime('created_at')} AS exact FROM runs ${where}
      ORDER BY created_at DESC, id DESC LIMIT $${values.push(limit + 1)}`,
    values,
  );
  return pageOf(
    rows,
    limit,
    ({ exact: _exact, ...run }) => run,
    (row) => [row.exact, row.id],
  );
}

/**
 * The run is read first: everything up to its position is committed by then, so what follows is
 * complete up to there, without a transaction. A step that changes meanwhile comes with the next call.
 */
async function eventsAfter(db: Db, id: string, position: number, limit: number) {
  const [run] = await db.query<RunSummaryRow>(`SELECT ${SUMMARY} FROM runs WHERE id = $1`, [id]);
  if (!run) throw new Error(`the record has no run "${id}"; ask with get() first`);
  if (run.position <= position) return { run, steps: [], logs: [], upTo: run.position };
  const range = { runId: id, after: position, upTo: run.position, limit };
  const { chunks, isAll } = await readLogs(db, range);
  // With more chunks to come, a reader must be able to go on after the last one it got.
  const upTo = isAll ? run.position : (chunks.at(-1)?.position ?? position);
  const steps = await db.query<StepRow>(
    `SELECT ${STEP} FROM steps WHERE run_id = $1 AND position > $2 AND position <= $3
      ORDER BY position, index`,
    [id, position, upTo],
  );
  return { run, steps, logs: chunks, upTo };
}

async function logs(db: Db, query: { runId: string; step?: string; after: number; limit: number }) {
  const { chunks, isAll } = await readLogs(db, query);
  return { items: chunks, next: isAll ? null : (chunks.at(-1)?.position ?? null) };
}

/** Counts no further than the limits that it is compared with. */
async function load(db: Db, repository: string): Promise<RunLoad> {
  const open = 'SELECT FROM runs WHERE finished_at IS NULL';
  const [row] = await db.query<RunLoad>(
    `SELECT (SELECT count(*) FROM (${open} AND repository = $1 LIMIT $2) o) AS "openOfRepository",
            (SELECT count(*) FROM (${open} LIMIT $2) o) AS open,
            (SELECT count(*) FROM (${open} AND status IN ('pending', 'running') LIMIT $2) b) AS busy,
            (SELECT count(*) FROM (SELECT FROM runs
              WHERE finished_at > now() - $3 * interval '1 second' LIMIT $2) e) / $3::float8
              AS "endedPerSecond"`,
    [repository, MAX_COUNTED, PACE_SECONDS],
  );
  if (!row) throw new Error('PostgreSQL counted runs and returned no row');
  return row;
}
