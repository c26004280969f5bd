/** A Gate is a question that people answer; a Decision is an answer, who gave it, and why. */
import { z } from 'zod';
import { Commit, Digest, Login, plainText, StageName, StepName } from './names.js';
import { Status } from './run.js';

/** What a person says at a gate. */
export const Answer = z.strictObject({
  answer: z.enum(['approve', 'reject']),
  reason: plainText(500).trim().min(1).optional(),
});
export type Answer = z.infer<typeof Answer>;

/** An answer and who gave it: `by` and `teams` come from the session, never from the request. */
export const Decision = Answer.extend({
  by: Login,
  teams: z.array(z.string().max(64)).max(100),
});
export type Decision = z.infer<typeof Decision>;

/** How a gate ended. `expired` is explicit: nobody answered in time. */
export const GateOutcome = z.enum(['approved', 'rejected', 'expired', 'cancelled']);
export type GateOutcome = z.infer<typeof GateOutcome>;

/** What the approvers saw, frozen when the gate opened and kept with the decision. */
export const Evidence = z.object({
  commit: Commit,
  /** Against what the stage serves now; null when it serves nothing yet. */
  comparedTo: Commit.nullable(),
  /** First line of each commit between the two, newest first, at most 50. */
  commits: z.array(z.object({ commit: Commit, author: z.string(), subject: z.string() })).max(50),
  /** Size of the change; files at most 100, then only counted. */
  change: z.object({
    files: z.int(),
    insertions: z.int(),
    deletions: z.int(),
    paths: z.array(z.string()).max(100),
  }),
  /** The steps before the gate: what they answered. */
  steps: z.array(
    z.object({ name: StepName, kind: z.string(), status: Status, summary: z.string().nullable() }),
  ),
  /** Findings of the scans before the gate, by severity. */
  findings: z.record(z.string(), z.int()),
  /** How the stages that the run deployed to answered when the gate opened. */
  stages: z.array(
    z.object({
      stage: StageName,
      digest: Digest.nullable(),
      health: z.enum(['healthy', 'progressing', 'degraded', 'absent']),
      message: z.string(),
    }),
  ),
});
export type Evidence = z.infer<typeof Evidence>;
