/** The shapes that travel over REST. Times are ISO 8601 in UTC. The API writes them, clients read them. */
import { z } from 'zod';
import { Answer, Evidence, GateOutcome } from '../../workflows/domain/gate.js';
import { Digest, plainText, RepositoryName } from '../../workflows/domain/names.js';
import { Artifact } from '../../workflows/domain/release.js';
import { Status, Trigger } from '../../workflows/domain/run.js';

export * from './wire.access.js';
export * from './wire.chat.js';
export * from './wire.health.js';

const time = z.iso.datetime();

export const Step = z.object({
  name: z.string(),
  /** `run build scan deploy check approve`, and `lint` for a pipeline that could not be compiled. */
  kind: z.string(),
  needs: z.array(z.string()),
  status: Status,
  reason: z.string().nullable(),
  summary: z.string().nullable(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  attempts: z.int(),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
});
export type Step = z.infer<typeof Step>;

/** A run in a list. */
export const RunSummary = z.object({
  id: z.string(),
  repository: z.string(),
  pipeline: z.string(),
  commit: z.string(),
  branch: z.string().nullable(),
  order: z.int(),
  trigger: Trigger,
  status: Status,
  reason: z.string().nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  /** The run's page in the Temporal UI; null when there is none. */
  temporalUrl: z.string().nullable(),
});
export type RunSummary = z.infer<typeof RunSummary>;

export const Run = RunSummary.extend({ steps: z.array(Step) });
export type Run = z.infer<typeof Run>;

export const LogLine = z.object({
  position: z.int(),
  step: z.string(),
  attempt: z.int(),
  stream: z.enum(['stdout', 'stderr', 'slipway']),
  at: time,
  /** A chunk: any number of lines, maybe not ended. */
  text: z.string(),
});
export type LogLine = z.infer<typeof LogLine>;

/**
 * Events of `GET /api/v1/runs/:id/events` (SSE): `event: run` with RunSummary, `event: step` with Step,
 * `event: log` with LogLine, `event: end` with RunSummary once the run is final and all was sent.
 * `id:` is the run's position; sent back as Last-Event-ID the stream goes on after it.
 */
export const RunEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('run'), data: RunSummary }),
  z.object({ event: z.literal('step'), data: Step }),
  z.object({ event: z.literal('log'), data: LogLine }),
  z.object({ event: z.literal('end'), data: RunSummary }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

/** Of a pipeline file. `line` counts from 1. `field` is a path like `steps.test.needs[0]`. */
export const LintFinding = z.object({
  file: z.string(),
  line: z.int(),
  field: z.string(),
  message: z.string(),
  /** What to do. */
  help: z.string(),
});
export type LintFinding = z.infer<typeof LintFinding>;

export const Approval = z.object({
  runId: z.string(),
  step: z.string(),
  stage: z.string().nullable(),
  from: z.array(z.string()),
  required: z.int(),
  selfApproval: z.boolean(),
  evidence: Evidence,
  openedAt: time,
  expiresAt: time,
  outcome: GateOutcome.nullable(),
  reason: z.string().nullable(),
  closedAt: time.nullable(),
  decisions: z.array(
    z.object({
      by: z.string(),
      answer: Answer.shape.answer,
      reason: z.string().nullable(),
      at: time,
    }),
  ),
});
export type Approval = z.infer<typeof Approval>;

export const Release = z.object({
  digest: z.string(),
  repository: z.string(),
  commit: z.string(),
  runId: z.string(),
  artifacts: z.array(Artifact),
  createdAt: time,
});
export type Release = z.infer<typeof Release>;

export const StageEvent = z.object({
  /** `rejection`: another release served already; the rejected one may not come back. */
  kind: z.enum(['deploy', 'rollback', 'putBack', 'rejection']),
  /** Commit of the GitOps repository. */
  revision: z.string(),
  /** The release that should serve from here on; null when the stage was emptied. */
  digest: z.string().nullable(),
  /** The release that was put back and is rejected on this stage. */
  rejected: z.string().nullable(),
  runId: z.string(),
  reason: z.string().nullable(),
  at: time,
});
export type StageEvent = z.infer<typeof StageEvent>;

export const Stage = z.object({
  repository: z.string(),
  name: z.string(),
  /** Stable address; stays the same from release to release. */
  url: z.string().nullable(),
  /** `unknown`: nobody has looked at it for 30 s. */
  health: z.enum(['healthy', 'progressing', 'degraded', 'absent', 'unknown']),
  message: z.string(),
  /** What serves now; null when nothing does. */
  serving: z.object({ digest: z.string(), commit: z.string(), runId: z.string() }).nullable(),
  /** Runs in order: holder, those who ask, those on their way, those at a gate. */
  queue: z.array(z.object({ runId: z.string(), state: z.string() })),
  /** Newest first, at most 20; more by `GET /stages/:repository/:name/history`. */
  history: z.array(StageEvent),
});
export type Stage = z.infer<typeof Stage>;

/** `POST /api/v1/runs`: starts a run by hand. */
export const StartRun = z.strictObject({
  repository: RepositoryName,
  /** A branch, tag or commit. Default: the default branch. */
  ref: plainText(255).optional(),
  inputs: z.record(z.string(), plainText(32_768)).optional(),
  /** Lets a release that was rejected on a stage be deployed there again: why. */
  overrideReason: plainText(500).min(1).optional(),
});
export type StartRun = z.infer<typeof StartRun>;

export const CancelRun = z.strictObject({ reason: plainText(500).min(1).optional() });
export type CancelRun = z.infer<typeof CancelRun>;

/** `POST /api/v1/stages/:repository/:name/rollback`. */
export const Rollback = z.strictObject({
  /** Default: the release that served before the present one and was not rejected. */
  digest: Digest.optional(),
  reason: plainText(500).min(1).optional(),
});
export type Rollback = z.infer<typeof Rollback>;

/** `POST /api/v1/pipelines/lint` and `/plan`: a pipeline's text. */
export const PipelineText = z.strictObject({
  text: z.string().max(1_048_576),
  file: plainText(255).optional(),
});

export type PipelineText = z.infer<typeof PipelineText>;

export const PlanRequest = PipelineText.extend({
  /** Asks about a push to this branch. Absent: about a start that the pipeline takes. */
  branch: plainText(255).min(1).optional(),
});
export type PlanRequest = z.infer<typeof PlanRequest>;

export const LintReport = z.object({ valid: z.boolean(), findings: z.array(LintFinding) });
export type LintReport = z.infer<typeof LintReport>;

/** What would run, why, in what order. */
export const PlannedStepView = z.object({
  name: z.string(),
  kind: z.string(),
  needs: z.array(z.string()),
  /** Steps of the same wave start together. Counts from 1. */
  wave: z.int(),
  runs: z.boolean(),
  why: z.string(),
});
export const PlanReport = LintReport.extend({
  pipeline: z.string().nullable(),
  steps: z.array(PlannedStepView),
});
export type PlanReport = z.infer<typeof PlanReport>;

export const Repository = z.object({
  name: z.string(),
  createdAt: time,
  /** Where to push: the token is the password. */
  gitUrl: z.string(),
});
export type Repository = z.infer<typeof Repository>;
export const CreateRepository = z.strictObject({ name: RepositoryName });
export type CreateRepository = z.infer<typeof CreateRepository>;

/** A gate after an answer was taken. */
export const GateState = z.object({
  state: z.union([z.literal('open'), GateOutcome]),
  approvals: z.int(),
  required: z.int(),
});
export type GateState = z.infer<typeof GateState>;

export const CancelledRun = z.object({ status: Status });
export type CancelledRun = z.infer<typeof CancelledRun>;

/** Items on a page: default, and at most. */
export const DEFAULT_PAGE_ITEMS = 50;
export const MAX_PAGE_ITEMS = 200;

/** Every list: `next` is the cursor of the next page, null on the last one. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** RFC 9457. `type` is a URN like `urn:slipway:problem:not-found`. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  /** What to do next, where we know. */
  help: z.string().optional(),
  /** One entry per wrong field of a request. */
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;
