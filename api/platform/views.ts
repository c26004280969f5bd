/** Records as they travel: rows of the store to the shapes of `client/wire.ts`. */
import type { Config } from '../../activities/platform/config.js';
import type {
  GateRow,
  LogRow,
  ReleaseRow,
  RunRow,
  RunSummaryRow,
  StageEvent,
  StepRow,
  TokenRow,
} from '../../activities/store/store.ports.js';
import { isFinal } from '../../workflows/domain/run.js';
import type { PlannedStep } from '../../workflows/pipeline/plan.js';
import type * as wire from '../client/wire.js';

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

export type LinkBase = Pick<Config, 'TEMPORAL_UI_URL' | 'TEMPORAL_NAMESPACE'>;

export function viewRun(row: RunSummaryRow, links: LinkBase): wire.RunSummary {
  return {
    id: row.id,
    repository: row.repository,
    pipeline: row.pipeline,
    commit: row.commit,
    branch: row.branch,
    order: row.order,
    trigger: row.trigger,
    status: row.status,
    reason: row.reason,
    createdAt: row.createdAt.toISOString(),
    startedAt: iso(row.startedAt),
    finishedAt: iso(row.finishedAt),
    temporalUrl: temporalUrl(row, links),
  };
}

export function viewStep(row: StepRow, planned: PlannedStep | undefined): wire.Step {
  return {
    name: row.name,
    kind: row.kind,
    needs: planned?.needs ?? [],
    status: row.status,
    reason: row.reason,
    summary: row.summary,
    exitCode: row.exitCode,
    signal: row.signal,
    attempts: row.attempts,
    startedAt: iso(row.startedAt),
    finishedAt: iso(row.finishedAt),
  };
}

/** A run's planned steps by name; none for a pipeline that lint refused. */
export function plannedOf(row: RunRow): Map<string, PlannedStep> {
  return new Map(row.plan?.steps.map((step) => [step.name, step]));
}

export function viewLog(row: LogRow): wire.LogLine {
  const { position, step, attempt, stream, at, text } = row;
  return { position, step, attempt, stream, at: at.toISOString(), text };
}

export function viewGate(row: GateRow): wire.Approval {
  return {
    runId: row.runId,
    step: row.step,
    stage: row.stage,
    from: row.approvers,
    required: row.required,
    selfApproval: row.selfApproval,
    evidence: row.evidence,
    openedAt: row.openedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    outcome: row.outcome,
    reason: row.reason,
    closedAt: iso(row.closedAt),
    decisions: row.decisions.map((d) => ({ ...d, at: d.at.toISOString() })),
  };
}

export function viewRelease(row: ReleaseRow): wire.Release {
  const { digest, repository, commit, runId, artifacts } = row;
  return { digest, repository, commit, runId, artifacts, createdAt: row.createdAt.toISOString() };
}

export function viewStageEvent(event: StageEvent): wire.StageEvent {
  const { kind, revision, digest, rejected, runId, reason } = event;
  return { kind, revision, digest, rejected, runId, reason, at: event.at.toISOString() };
}

export function viewToken(row: TokenRow): wire.Token {
  return {
    id: row.id,
    login: row.login,
    name: row.name,
    scopes: row.scopes,
    createdAt: row.createdAt.toISOString(),
    expiresAt: iso(row.expiresAt),
    revokedAt: iso(row.revokedAt),
    lastUsedAt: iso(row.lastUsedAt),
    requestsPerMinute: row.requestsPerMinute,
    tokensPerMinute: row.tokensPerMinute,
  };
}

function temporalUrl({ id, status, position }: RunSummaryRow, links: LinkBase): string | null {
  const base = links.TEMPORAL_UI_URL.replace(/\/+$/, '');
  // Opening is a run's first event: one that ended with it was refused by lint, and has no workflow.
  const hasWorkflow = position > 1 || !isFinal(status);
  if (base === '' || !hasWorkflow) return null;
  return `${base}/namespaces/${encodeURIComponent(links.TEMPORAL_NAMESPACE)}/workflows/${id}`;
}
