/** What may be asked of the record of runs: see store.ports.ts for what holds for every method. */
import type { RunRef, Status, Trigger } from '../../workflows/domain/run.js';
import type { StepResult } from '../../workflows/domain/step.js';
import type { Plan } from '../../workflows/pipeline/plan.js';

export interface RunRow extends RunRef {
  trigger: Trigger;
  plan: Plan | null;
  status: Status;
  reason: string | null;
  /** Of the run's last event. */
  position: number;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

/** A run without its plan, which may weigh 1.5 MB: for lists and for following a run. */
export type RunSummaryRow = Omit<RunRow, 'plan'>;

export interface StepRow {
  runId: string;
  name: string;
  index: number;
  kind: string;
  status: Status;
  reason: string | null;
  summary: string | null;
  exitCode: number | null;
  signal: string | null;
  attempts: number;
  result: StepResult | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  position: number;
}

export type Stream = 'stdout' | 'stderr' | 'slipway';

export interface LogChunk {
  runId: string;
  step: string;
  attempt: number;
  stream: Stream;
  at: Date;
  text: string;
}
export type LogRow = LogChunk & { position: number };

/** A change of one step. Absent fields stay. `attempt` guards against late words of a lost attempt. */
export interface StepChange {
  runId: string;
  name: string;
  attempt?: number;
  status: Status;
  reason?: string | null;
  /** With the start of an attempt: what to say when the one before ended without a word. */
  reasonIfLost?: string;
  result?: StepResult;
  at: Date;
}

/** A change of the run itself. A final status stays. */
export interface RunChange {
  runId: string;
  status: Status;
  reason: string | null;
  at: Date;
}

/** What to write together: one transaction, one position per change, one NOTIFY per run. */
export interface Changes {
  runs?: RunChange[];
  steps?: StepChange[];
  logs?: LogChunk[];
  /**
   * The answer to an earlier try was lost, so that these changes may be stored already: log text that
   * is there is not added again. Changes of runs and steps may be repeated anyhow.
   */
  isRepeat?: boolean;
}

export interface RunFilter {
  repository?: string;
  commit?: string;
  branch?: string;
  pipeline?: string;
  status?: Status;
  limit: number;
  /** From `next` of the page before. */
  cursor?: string;
}
export interface PageWish {
  limit: number;
  /** From `next` of the page before. */
  cursor?: string;
}
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** Steps that changed, and at most `limit` log chunks with at most a MiB of text. */
export interface RunEventsRow {
  run: RunSummaryRow;
  steps: StepRow[];
  logs: LogRow[];
  /** Go on after this position: everything up to it is here. The run's own when that is all. */
  upTo: number;
}

export interface RunLoad {
  /** Runs of the repository that have not ended, those that wait for people among them. */
  openOfRepository: number;
  /** The same of all repositories. */
  open: number;
  /** Of those, the ones that wait for nothing but work. */
  busy: number;
  /** How many runs ended a second, over the last minute. */
  endedPerSecond: number;
}

export interface RunsStore {
  /**
   * Run row and its steps' rows, all pending. Repeatable by id. `lintReason`: recorded as failed at
   * lint, with `lintLog` as that step's log.
   */
  open(run: {
    run: RunRef;
    trigger: Trigger;
    plan: Plan | null;
    lintReason?: string;
    lintLog?: string;
  }): Promise<void>;
  write(changes: Changes): Promise<void>;
  get(id: string): Promise<RunRow | undefined>;
  steps(id: string): Promise<StepRow[]>;
  list(filter: RunFilter): Promise<Page<RunSummaryRow>>;
  /** What happened after `position`, in order; see RunEventsRow. */
  eventsAfter(id: string, position: number, limit: number): Promise<RunEventsRow>;
  /**
   * Log chunks of a run, or of one of its steps, after a position; at most `limit`, and at most a
   * MiB of text. `next`: the position to go on after; null when that was all.
   */
  logs(query: {
    runId: string;
    step?: string;
    after: number;
    limit: number;
  }): Promise<{ items: LogRow[]; next: number | null }>;
  /** How much is queued now, and how fast it goes on. */
  load(repository: string): Promise<RunLoad>;
}
