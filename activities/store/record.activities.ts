/** Writing the record: PostgreSQL keeps what lists, search and audit need. Temporal stays the truth. */
import type { Decision, Evidence, GateOutcome } from '../../workflows/domain/gate.js';
import type { RunRef, Status, Trigger } from '../../workflows/domain/run.js';
import type { StepResult } from '../../workflows/domain/step.js';
import type { Plan } from '../../workflows/pipeline/plan.js';
import type { Store } from './store.ports.js';

/** A step's line in the record, as far as the workflow knows it. */
export interface StepNote {
  name: string;
  status: Status;
  reason: string | null;
  result?: StepResult;
}

/** All of these are local activities: short, repeatable, retried until PostgreSQL is back. */
export interface RecordActivities {
  /** Brings the run's row and its steps' rows (all `pending`) into being. Repeatable. */
  openRun: (input: { run: RunRef; trigger: Trigger; plan: Plan }) => Promise<void>;

  /** Writes what changed. Repeatable: it states facts, it does not add. A final status stays. */
  recordRun: (input: {
    runId: string;
    status: Status;
    reason: string | null;
    steps: StepNote[];
  }) => Promise<void>;

  /** Keeps the question and its frozen evidence. Repeatable by (run, step). */
  recordGate: (input: {
    runId: string;
    step: string;
    stage: string | null;
    from: string[];
    required: number;
    selfApproval: boolean;
    evidence: Evidence;
    /** ISO 8601. */
    expiresAt: string;
  }) => Promise<void>;

  /** Keeps one answer. Repeatable by (run, step, by). */
  recordDecision: (input: { runId: string; step: string; decision: Decision }) => Promise<void>;

  /** Keeps how the gate ended. Repeatable. */
  closeGate: (input: {
    runId: string;
    step: string;
    outcome: GateOutcome;
    reason: string | null;
  }) => Promise<void>;

  /** Active users who may answer a gate `from` these logins and teams (empty: scope `approve`). */
  listApprovers: (input: { from: string[] }) => Promise<string[]>;

  /** Keeps a stage's queue for readers, in order. Repeatable. */
  recordQueue: (input: {
    repository: string;
    stage: string;
    places: { runId: string; state: string }[];
  }) => Promise<void>;
}

/** Errors: `StoreUnavailable` when PostgreSQL is away; retried by the workflow's policy. */
export function createRecordActivities(store: Store): RecordActivities {
  return {
    openRun: (opening) => store.runs.open(opening),

    recordRun: ({ runId, status, reason, steps }) => {
      const at = new Date();
      return store.runs.write({
        runs: [{ runId, status, reason, at }],
        steps: steps.map((note) => ({ runId, at, ...note })),
      });
    },

    recordGate: ({ from, expiresAt, ...gate }) =>
      store.gates.open({ ...gate, approvers: from, expiresAt: new Date(expiresAt) }),

    recordDecision: ({ runId, step, decision }) => store.gates.decide(runId, step, decision),

    closeGate: ({ runId, step, outcome, reason }) =>
      store.gates.close(runId, step, outcome, reason),

    listApprovers: ({ from }) => store.users.approvers(from),

    recordQueue: ({ repository, stage, places }) => store.stages.queue(repository, stage, places),
  };
}
