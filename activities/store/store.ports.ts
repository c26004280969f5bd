/**
 * What the rest of the code may ask of PostgreSQL, in records of plain data.
 *
 * Every method may be repeated unless it says otherwise. Every method throws `StoreUnavailable` when
 * PostgreSQL cannot be reached; callers let it pass, so that activities are retried and the API
 * answers 503. Times are Date objects, lists have at most 200 items.
 */
import type { Decision, Evidence, GateOutcome } from '../../workflows/domain/gate.js';
import type { Artifact } from '../../workflows/domain/release.js';
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
export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface RunsStore {
  /** Run row and its steps' rows, all pending. Repeatable by id. `lint`: recorded as failed at lint. */
  open(run: {
    run: RunRef;
    trigger: Trigger;
    plan: Plan | null;
    lintReason?: string;
  }): Promise<void>;
  write(changes: Changes): Promise<void>;
  get(id: string): Promise<RunRow | undefined>;
  steps(id: string): Promise<StepRow[]>;
  list(filter: RunFilter): Promise<Page<RunSummaryRow>>;
  /** Steps that changed after `position`, and log chunks after it (at most `limit`), in order. */
  eventsAfter(
    id: string,
    position: number,
    limit: number,
  ): Promise<{ run: RunSummaryRow; steps: StepRow[]; logs: LogRow[] }>;
  /** Log chunks of a run, or of one of its steps, after `position`; at most `limit`. */
  logs(query: { runId: string; step?: string; after: number; limit: number }): Promise<LogRow[]>;
}

export interface PushRow {
  id: string;
  repository: string;
  ref: string;
  oldCommit: string;
  newCommit: string;
  by: string;
  state: 'received' | 'accepted' | 'dropped';
  runId: string | null;
  order: number | null;
  /** `{plan}` or `{findings}`, as the receiver stored it. */
  pipeline: unknown;
  createdAt: Date;
}

export interface RepositoriesStore {
  create(name: string, by: string): Promise<void>;
  exists(name: string): Promise<boolean>;
  list(): Promise<{ name: string; createdAt: Date }[]>;
  /** Takes the next place in the repository's order of triggers. Not repeatable: gaps are fine. */
  nextOrder(name: string): Promise<number>;
  /** Keeps a push that Git has not carried out yet; the same unsettled push keeps its row. */
  receivePush(push: Omit<PushRow, 'id' | 'state' | 'createdAt'>): Promise<PushRow>;
  settlePush(id: string, state: 'accepted' | 'dropped'): Promise<void>;
  unsettledPushes(repository?: string): Promise<PushRow[]>;
}

export interface GateRow {
  runId: string;
  step: string;
  stage: string | null;
  approvers: string[];
  required: number;
  selfApproval: boolean;
  evidence: Evidence;
  openedAt: Date;
  expiresAt: Date;
  outcome: GateOutcome | null;
  reason: string | null;
  closedAt: Date | null;
  decisions: { by: string; answer: Decision['answer']; reason: string | null; at: Date }[];
}

export interface GatesStore {
  open(
    gate: Omit<GateRow, 'openedAt' | 'outcome' | 'reason' | 'closedAt' | 'decisions'>,
  ): Promise<void>;
  decide(runId: string, step: string, decision: Decision): Promise<void>;
  close(runId: string, step: string, outcome: GateOutcome, reason: string | null): Promise<void>;
  get(runId: string, step: string): Promise<GateRow | undefined>;
  /** Newest first. */
  list(filter: {
    state?: 'open' | 'closed';
    runId?: string;
    limit: number;
    cursor?: string;
  }): Promise<Page<GateRow>>;
}

export interface StageRow {
  repository: string;
  name: string;
  url: string | null;
  revision: string | null;
  digest: string | null;
  health: 'healthy' | 'progressing' | 'degraded' | 'absent';
  message: string;
  observedAt: Date | null;
  queue: { runId: string; state: string }[];
}
export interface StageEvent {
  repository: string;
  stage: string;
  revision: string;
  kind: 'deploy' | 'rollback' | 'putBack';
  digest: string | null;
  rejected: string | null;
  runId: string;
  reason: string | null;
  at: Date;
}
export interface ReleaseRow {
  digest: string;
  repository: string;
  commit: string;
  runId: string;
  artifacts: Artifact[];
  createdAt: Date;
}

export interface StagesStore {
  /** What the target sees. Wakes `changes` listeners with `stage:<repository>/<name>`. */
  observe(stage: Omit<StageRow, 'queue' | 'observedAt'>): Promise<void>;
  queue(
    repository: string,
    name: string,
    places: { runId: string; state: string }[],
  ): Promise<void>;
  get(repository: string, name: string): Promise<StageRow | undefined>;
  list(repository?: string): Promise<StageRow[]>;
  /** Repeatable by revision. */
  happened(event: Omit<StageEvent, 'at'>): Promise<void>;
  history(query: {
    repository: string;
    stage: string;
    limit: number;
    cursor?: string;
  }): Promise<Page<StageEvent>>;
  keepRelease(release: Omit<ReleaseRow, 'createdAt'>): Promise<void>;
  release(digest: string): Promise<ReleaseRow | undefined>;
  releases(query: {
    repository?: string;
    limit: number;
    cursor?: string;
  }): Promise<Page<ReleaseRow>>;
}

/** What a token may do. `admin` includes all others. */
export type Scope = 'read' | 'push' | 'run' | 'approve' | 'admin';
export interface User {
  login: string;
  teams: string[];
  disabled: boolean;
}
export interface TokenRow {
  id: string;
  login: string;
  name: string;
  scopes: Scope[];
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
}

export interface UsersStore {
  put(user: User): Promise<void>;
  get(login: string): Promise<User | undefined>;
  list(): Promise<User[]>;
  /** Active users with a live token of scope approve or admin, among these logins and teams. */
  approvers(from: string[]): Promise<string[]>;
  addToken(token: {
    login: string;
    name: string;
    hash: Buffer;
    scopes: Scope[];
    expiresAt: Date | null;
  }): Promise<TokenRow>;
  /** The live token with this hash and its active user; notes its use at most once a minute. */
  byTokenHash(hash: Buffer): Promise<{ user: User; token: TokenRow } | undefined>;
  tokens(login?: string): Promise<TokenRow[]>;
  revokeToken(id: string): Promise<boolean>;
}

export interface AuditEntry {
  id: string;
  at: Date;
  by: string;
  action: string;
  subject: string;
  detail: Record<string, unknown>;
}
export interface AuditStore {
  /** Not repeatable: one entry per command. */
  add(entry: {
    by: string;
    action: string;
    subject: string;
    detail?: Record<string, unknown>;
  }): Promise<void>;
  list(query: { limit: number; cursor?: string }): Promise<Page<AuditEntry>>;
}

export interface Store {
  runs: RunsStore;
  repositories: RepositoriesStore;
  gates: GatesStore;
  stages: StagesStore;
  users: UsersStore;
  audit: AuditStore;
  /** True when PostgreSQL answers within 1.5 s. */
  ping(): Promise<boolean>;
  /**
   * Calls `listener` after every committed change, with `run:<id>` or `stage:<repository>/<name>`,
   * and with `reconnected` when notifications may have been missed. Reconnects by itself.
   * Returns how to stop listening.
   */
  listen(listener: (changed: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}
