/**
 * Writing run events: one transaction, under the locks of the runs' rows. Each row that changes and
 * each log chunk takes its run's next position; so positions are gapless and committed in order.
 */
import { isFinal } from '../../workflows/domain/run.js';
import { nextRun, nextStep, type RunState, type StepState } from './changes.js';
import type { Queries } from './db.js';
import { CHANNEL } from './notifications.js';
import type { Changes, LogChunk, LogRow, RunChange, StepChange } from './store.ports.js';
import { clean, toJson } from './text.js';

type LockedRun = RunState & { id: string; position: number };
type RecordedStep = StepState & { runId: string; name: string; position: number };

/** Words about runs that the record does not have (any more) are dropped. */
export async function writeChanges(tx: Queries, changes: Changes): Promise<void> {
  const { runs = [], steps = [], logs: given = [], isRepeat = false } = changes;
  const locked = await lockRuns(tx, new Set([...runs, ...steps, ...given].map((c) => c.runId)));
  if (locked.size === 0) return;
  const before = new Map([...locked].map(([id, run]) => [id, run.position]));

  const logs = isRepeat ? await notStored(tx, given) : given;
  const live = steps.filter((c) => !isFinal(locked.get(c.runId)?.status ?? 'skipped'));
  const changed = changedSteps(await recordedSteps(tx, live), live);
  // As a reader expects them: a step starts, speaks, ends; then the run.
  for (const step of changed.filter((s) => !isFinal(s.status))) takePosition(locked, step);
  const chunks = placeLogs(locked, logs);
  for (const step of changed.filter((s) => isFinal(s.status))) takePosition(locked, step);
  placeRuns(locked, runs);

  const moved = [...locked.values()].filter((run) => run.position > (before.get(run.id) ?? 0));
  if (chunks.length > 0) await insertLogs(tx, chunks);
  if (changed.length > 0) await updateSteps(tx, changed);
  if (moved.length > 0) await updateRuns(tx, moved);
}

async function lockRuns(tx: Queries, ids: Set<string>): Promise<Map<string, LockedRun>> {
  if (ids.size === 0) return new Map();
  // In the order of their ids, so that two writers never wait for each other.
  const rows = await tx.query<LockedRun>(
    `SELECT id, position, status, reason, started_at AS "startedAt", finished_at AS "finishedAt"
       FROM runs WHERE id = ANY($1) ORDER BY id FOR UPDATE`,
    [[...ids]],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

async function recordedSteps(tx: Queries, changes: StepChange[]): Promise<RecordedStep[]> {
  if (changes.length === 0) return [];
  return tx.query<RecordedStep>(
    `SELECT run_id AS "runId", name, status, reason, summary, exit_code AS "exitCode", signal,
            attempts, result, started_at AS "startedAt", finished_at AS "finishedAt", position
       FROM steps JOIN unnest($1::text[], $2::text[]) AS asked(run_id, name) USING (run_id, name)`,
    [changes.map((c) => c.runId), changes.map((c) => c.name)],
  );
}

/** Known again by step, attempt, stream, time and text: no two pieces of a log have the same time. */
async function notStored(tx: Queries, logs: LogChunk[]): Promise<LogChunk[]> {
  if (logs.length === 0) return logs;
  const stored = await tx.query<{ index: number }>(
    `SELECT asked.index::integer - 1 AS index
       FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::timestamptz[], $6::text[])
            WITH ORDINALITY AS asked(run_id, step, attempt, stream, at, text, index)
      WHERE EXISTS (SELECT FROM log_chunks c
                     WHERE (c.run_id, c.step, c.attempt, c.stream, c.at, c.text) =
                           (asked.run_id, asked.step, asked.attempt, asked.stream, asked.at, asked.text))`,
    [
      logs.map((c) => c.runId),
      logs.map((c) => c.step),
      logs.map((c) => c.attempt),
      logs.map((c) => c.stream),
      logs.map((c) => c.at),
      logs.map((c) => clean(c.text)),
    ],
  );
  const known = new Set(stored.map(({ index }) => index));
  return logs.filter((_chunk, index) => !known.has(index));
}

function placeLogs(runs: Map<string, LockedRun>, logs: LogChunk[]): LogRow[] {
  return logs.flatMap((chunk) => {
    const run = runs.get(chunk.runId);
    return run ? [{ ...chunk, position: ++run.position }] : [];
  });
}

function changedSteps(recorded: RecordedStep[], changes: StepChange[]): RecordedStep[] {
  const steps = new Map(recorded.map((step) => [key(step), step]));
  const touched = new Set<RecordedStep>();
  for (const change of changes) {
    const step = steps.get(key(change));
    if (!step) continue;
    const { runId: _runId, name: _name, position: _position, ...now } = step;
    const next = nextStep(now, change);
    if (next) touched.add(Object.assign(step, next));
  }
  return [...touched];
}

function takePosition(runs: Map<string, LockedRun>, step: RecordedStep): void {
  const run = runs.get(step.runId);
  if (run) step.position = ++run.position;
}

function placeRuns(runs: Map<string, LockedRun>, changes: RunChange[]): void {
  const touched = new Set<LockedRun>();
  for (const change of changes) {
    const run = runs.get(change.runId);
    if (!run) continue;
    const { id: _id, position: _position, ...now } = run;
    const next = nextRun(now, change);
    if (next) touched.add(Object.assign(run, next));
  }
  for (const run of touched) run.position++;
}

async function insertLogs(tx: Queries, rows: LogRow[]): Promise<void> {
  await tx.query(
    `INSERT INTO log_chunks (run_id, position, step, attempt, stream, at, text)
     SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::integer[], $5::text[],
                          $6::timestamptz[], $7::text[])`,
    [
      rows.map((r) => r.runId),
      rows.map((r) => r.position),
      rows.map((r) => r.step),
      rows.map((r) => r.attempt),
      rows.map((r) => r.stream),
      rows.map((r) => r.at),
      rows.map((r) => clean(r.text)),
    ],
  );
}

async function updateSteps(tx: Queries, rows: RecordedStep[]): Promise<void> {
  await tx.query(
    `UPDATE steps SET status = c.status, reason = c.reason, summary = c.summary,
            exit_code = c.exit_code, signal = c.signal, attempts = c.attempts, result = c.result,
            started_at = c.started_at, finished_at = c.finished_at, position = c.position
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[],
                   $7::text[], $8::integer[], $9::jsonb[], $10::timestamptz[], $11::timestamptz[],
                   $12::bigint[])
            AS c(run_id, name, status, reason, summary, exit_code, signal, attempts, result,
                 started_at, finished_at, position)
      WHERE steps.run_id = c.run_id AND steps.name = c.name`,
    [
      rows.map((r) => r.runId),
      rows.map((r) => r.name),
      rows.map((r) => r.status),
      rows.map((r) => r.reason),
      rows.map((r) => r.summary),
      rows.map((r) => r.exitCode),
      rows.map((r) => r.signal),
      rows.map((r) => r.attempts),
      rows.map((r) => toJson(r.result)),
      rows.map((r) => r.startedAt),
      rows.map((r) => r.finishedAt),
      rows.map((r) => r.position),
    ],
  );
}

async function updateRuns(tx: Queries, rows: LockedRun[]): Promise<void> {
  await tx.query(
    `WITH changed AS (
       UPDATE runs SET position = c.position, status = c.status, reason = c.reason,
              started_at = c.started_at, finished_at = c.finished_at
         FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[],
                     $6::timestamptz[])
              AS c(id, position, status, reason, started_at, finished_at)
        WHERE runs.id = c.id
       RETURNING runs.id)
     SELECT pg_notify('${CHANNEL}', 'run:' || id) FROM changed`,
    [
      rows.map((r) => r.id),
      rows.map((r) => r.position),
      rows.map((r) => r.status),
      rows.map((r) => r.reason),
      rows.map((r) => r.startedAt),
      rows.map((r) => r.finishedAt),
    ],
  );
}

function key({ runId, name }: { runId: string; name: string }): string {
  return `${runId}\n${name}`;
}
