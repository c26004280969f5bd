/** A record that has grown for years, made in seconds: a million rows, some of them rare. */
import type { ThrowAway } from './testing.js';

/** What the rows look like that a test asks for by name. */
export const MANY = {
  runs: 100_000,
  /** Has half of all runs. */
  busiest: 'repository-0',
  /** Has 250 of them. */
  usual: 'repository-7',
  /** Of three runs, the oldest ones. */
  rareBranch: 'fix/rare',
  rarePipeline: 'nightly',
  /** Pending, running and at gates. */
  openRuns: 2_098,
  openGates: 2_000,
  closedGates: 18_000,
  unsettledPushes: 20,
} as const;

const FILLS = [
  `INSERT INTO users (login, teams) SELECT 'user-' || i, ARRAY['team-' || i % 50]
     FROM generate_series(1, 2000) i`,
  `INSERT INTO tokens (login, name, hash, scopes, created_at)
     SELECT 'user-' || i % 2000 + 1, 'laptop', sha256(i::text::bytea), ARRAY['read', 'approve'],
            '2026-01-01'::timestamptz + i * interval '1 minute'
       FROM generate_series(1, 10000) i`,
  `INSERT INTO repositories (name, created_by)
     SELECT 'repository-' || i, 'user-1' FROM generate_series(0, 200) i`,
  `INSERT INTO runs (id, repository, pipeline, commit, branch, "order", trigger, plan, status,
                     position, created_at, started_at, finished_at)
     SELECT 'run-' || i, 'repository-' || CASE WHEN i % 2 = 0 THEN 0 ELSE i / 2 % 200 + 1 END,
            CASE WHEN i <= 3 THEN '${MANY.rarePipeline}' ELSE 'delivery' END, sha1, CASE
              WHEN i <= 3 THEN '${MANY.rareBranch}' WHEN i % 10 = 0 THEN 'feature/' || i % 500
              ELSE 'main' END,
            i, '{"kind":"push","by":"user-1"}', '{"pipeline":"delivery","steps":[]}', CASE
              WHEN i > 99990 THEN 'pending' WHEN i > 99900 THEN 'running'
              WHEN i % 50 = 0 THEN 'waiting' WHEN i % 37 = 0 THEN 'failed' ELSE 'succeeded' END,
            105, at, at, CASE WHEN i > 99900 OR i % 50 = 0 THEN NULL ELSE at END
       FROM (SELECT i, md5(i::text) || '00000000' AS sha1,
                    '2026-01-01'::timestamptz + i * interval '1 minute' AS at
               FROM generate_series(1, ${MANY.runs}) i) given`,
  `INSERT INTO steps (run_id, name, index, kind, status, position)
     SELECT 'run-' || i, 'step-' || s, s, 'run', 'succeeded', s
       FROM generate_series(1, ${MANY.runs}) i, generate_series(1, 3) s`,
  `INSERT INTO log_chunks (run_id, position, step, attempt, stream, at, text)
     SELECT 'run-' || i, c, 'step-' || c % 3 + 1, 1, 'stdout', now(), 'a line'
       FROM generate_series(1, 4000) i, generate_series(1, 105) c`,
  `INSERT INTO gates (run_id, step, approvers, required, self_approval, evidence, opened_at,
                      expires_at, outcome)
     SELECT 'run-' || i * 5, 'approve', '{}', 1, false, '{}',
            '2026-01-01'::timestamptz + i * interval '1 minute', '2027-01-01',
            CASE WHEN i % 10 > 0 THEN 'approved' END
       FROM generate_series(1, ${MANY.openGates + MANY.closedGates}) i`,
  `INSERT INTO decisions (run_id, step, login, answer)
     SELECT run_id, step, 'user-' || s, 'approve' FROM gates, generate_series(1, 2) s`,
  `INSERT INTO pushes (repository, ref, old_commit, new_commit, by, state, run_id)
     SELECT 'repository-' || i % 200, 'refs/heads/b-' || i, md5(i::text), md5((i + 1)::text),
            'user-1', CASE WHEN i % 3000 = 0 THEN 'received' ELSE 'accepted' END, 'run-' || i
       FROM generate_series(1, ${MANY.unsettledPushes * 3_000}) i`,
  `INSERT INTO releases (digest, repository, commit, run_id, artifacts, created_at)
     SELECT 'sha256:' || i, 'repository-' || i % 200, md5(i::text), 'run-' || i, '[]',
            '2026-01-01'::timestamptz + i * interval '1 minute'
       FROM generate_series(1, 40000) i`,
  `INSERT INTO stages (repository, name)
     SELECT 'repository-' || r, 'stage-' || s
       FROM generate_series(0, 200) r, generate_series(1, 10) s`,
  `INSERT INTO stage_history (repository, stage, revision, kind, run_id)
     SELECT 'repository-' || i % 200, 'stage-1', md5(i::text), 'deploy', 'run-' || i
       FROM generate_series(1, 40000) i`,
  `INSERT INTO audit (by, action, subject)
     SELECT 'user-1', 'run.start', 'run/run-' || i FROM generate_series(1, 50000) i`,
  'ANALYZE',
];

/** The schema must be there. The rows refer to one another; looking that up for each would cost most. */
export async function fillMany({ sql }: Pick<ThrowAway, 'sql'>): Promise<void> {
  await sql(['SET session_replication_role = replica', ...FILLS].join(';\n'));
}
