/** Gates with their frozen evidence, and the decisions of people. */
import type { Decision } from '../../workflows/domain/gate.js';
import { exactTime, pageOf, pageSize, placeOf } from './cursor.js';
import type { Db } from './db.js';
import { CHANNEL } from './notifications.js';
import type { GateRow, GatesStore, Page } from './store.ports.js';
import { cleanReason, toJson } from './text.js';

const GATE = `run_id AS "runId", step, stage, approvers, required, self_approval AS "selfApproval",
  evidence, opened_at AS "openedAt", expires_at AS "expiresAt", outcome, reason,
  closed_at AS "closedAt"`;
const NOTIFY = `SELECT pg_notify('${CHANNEL}', 'run:' || run_id) FROM changed`;

type Bare = Omit<GateRow, 'decisions'>;
type Answered = GateRow['decisions'][number] & { runId: string; step: string };

export function createGates(db: Db): GatesStore {
  return {
    open: async (gate) => {
      await db.query(
        `WITH changed AS (
           INSERT INTO gates (run_id, step, stage, approvers, required, self_approval, evidence,
                              expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING run_id)
         ${NOTIFY}`,
        [
          gate.runId,
          gate.step,
          gate.stage,
          gate.approvers,
          gate.required,
          gate.selfApproval,
          toJson(gate.evidence),
          gate.expiresAt,
        ],
      );
    },
    decide: (runId, step, decision) => decide(db, { runId, step, decision }),
    close: async (runId, step, outcome, reason) => {
      await db.query(
        `WITH changed AS (
           UPDATE gates SET outcome = $3, reason = $4, closed_at = now()
            WHERE run_id = $1 AND step = $2 AND outcome IS NULL RETURNING run_id)
         ${NOTIFY}`,
        [runId, step, outcome, cleanReason(reason)],
      );
    },
    get: async (runId, step) => {
      const gates = await db.query<Bare>(
        `SELECT ${GATE} FROM gates WHERE run_id = $1 AND step = $2`,
        [runId, step],
      );
      return (await withDecisions(db, gates))[0];
    },
    list: (filter) => list(db, filter),
  };
}

async function decide(
  db: Db,
  { runId, step, decision }: { runId: string; step: string; decision: Decision },
): Promise<void> {
  await db.query(
    `WITH changed AS (
       INSERT INTO decisions (run_id, step, login, answer, reason) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT DO NOTHING RETURNING run_id)
     ${NOTIFY}`,
    [runId, step, decision.by, decision.answer, cleanReason(decision.reason ?? null)],
  );
}

async function list(db: Db, filter: Parameters<GatesStore['list']>[0]): Promise<Page<GateRow>> {
  const limit = pageSize(filter.limit);
  const [openedAt, runId, step] = placeOf(filter.cursor, ['time', 'text', 'text']);
  const values: unknown[] = [];
  const conditions: string[] = [];
  if (filter.state) conditions.push(`outcome IS ${filter.state === 'open' ? '' : 'NOT '}NULL`);
  if (filter.runId !== undefined) conditions.push(`run_id = $${values.push(filter.runId)}`);
  if (filter.cursor !== undefined) {
    const [a, b, c] = [values.push(openedAt), values.push(runId), values.push(step)];
    conditions.push(`(opened_at, run_id, step) < ($${a}::timestamptz, $${b}, $${c})`);
  }
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  const rows = await db.query<Bare & { exact: string }>(
    `SELECT ${GATE}, ${exactTime('opened_at')} AS exact FROM gates ${where}
      ORDER BY opened_at DESC, run_id DESC, step DESC LIMIT $${values.push(limit + 1)}`,
    values,
  );
  const page = pageOf(
    rows,
    limit,
    ({ exact: _exact, ...gate }) => gate,
    (row) => [row.exact, row.runId, row.step],
  );
  return { items: await withDecisions(db, page.items), next: page.next };
}

async function withDecisions(db: Db, gates: Bare[]): Promise<GateRow[]> {
  if (gates.length === 0) return [];
  const answers = await db.query<Answered>(
    `SELECT run_id AS "runId", step, login AS by, answer, reason, at
       FROM decisions JOIN unnest($1::text[], $2::text[]) AS asked(run_id, step)
            USING (run_id, step)
      ORDER BY at, login`,
    [gates.map((g) => g.runId), gates.map((g) => g.step)],
  );
  return gates.map((gate) => ({
    ...gate,
    decisions: answers
      .filter((a) => a.runId === gate.runId && a.step === gate.step)
      .map(({ by, answer, reason, at }) => ({ by, answer, reason, at })),
  }));
}
