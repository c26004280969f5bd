/**
 * A Plan is a compiled pipeline: a graph of steps with every default decided and every limit checked.
 *
 * It travels as the input of a run, so it must stay below MAX_PLAN_BYTES as JSON; absent fields mean
 * the default that is written beside them.
 */
import { z } from 'zod';
import { Severity } from '../domain/finding.js';
import { Digest, StageName, StepName } from '../domain/names.js';

export { stagesOf } from './stages.js';

/** When a step runs, looking at every step that it depends on, directly or through others. */
export const When = z.enum([
  'succeeded', // all succeeded, or failed under continueOnError (the default)
  'failure', // at least one said no or errored
  'always', // in any case, also after a cancel
]);
export type When = z.infer<typeof When>;

/** Failure classes that may be tried again. A step's "no" is none of them. */
export const RetryOn = z.enum([
  'lost', // the worker or machine vanished
  'errored', // we could not find out
  'timeout', // the step's own timeout ended it
]);
export type RetryOn = z.infer<typeof RetryOn>;

/** Text that may hold references: `${{ inputs.x }}`, `${{ steps.a.outputs.b }}`, `${{ run.commit }}`. */
export type Template = string;

const common = {
  name: StepName,
  /** Direct dependencies. Default: none. */
  needs: z.array(StepName).optional(),
  /** Default: `succeeded`. */
  when: When.optional(),
  /** Seconds. Default: by kind, see domain/limits. */
  timeoutSeconds: z.int().positive().optional(),
  /** Default: STEP_ATTEMPTS on lost and errored. `lost` is always included. */
  retry: z.object({ attempts: z.int().positive(), on: z.array(RetryOn) }).optional(),
  /** Default: false. */
  continueOnError: z.boolean().optional(),
  /** Values are templates. */
  env: z.record(z.string(), z.string()).optional(),
  /** Names that the step's commands may write to the file $SLIPWAY_OUTPUT, as `name=value` lines. */
  outputs: z.array(z.string()).optional(),
  /** Names of secrets whose values the commands find in their environment. Default: none. */
  secrets: z.array(z.string()).optional(),
  /** What the commands reach in the executor `sandbox`. Default: `default`, all but our loopback. */
  network: z.enum(['default', 'none']).optional(),
};

/** Restored before the commands, saved after they succeeded; scoped to repository and branch. */
export const Cache = z.object({
  /** Cache name; with `files`, a hash of those files' contents is added to it. */
  key: z.string().max(200),
  files: z.array(z.string()).max(20).optional(),
  /** Folders or files, relative to the workspace. */
  paths: z.array(z.string()).min(1).max(20),
});
export type Cache = z.infer<typeof Cache>;

export const RunSpec = z.object({
  commands: z.array(z.string()).min(1),
  /** Files kept for the steps that need this one, restored at the same paths in their workspace. */
  artifacts: z.array(z.string()).max(50).optional(),
  cache: z.array(Cache).max(10).optional(),
});
export const BuildSpec = z.object({
  kind: z.enum(['archive']),
  /** Commands before archiving, in the same workspace. */
  commands: z.array(z.string()).optional(),
  /** What goes into the archive, relative to the workspace; globs allowed. */
  paths: z.array(z.string()).min(1).max(100),
  /** How an instance is started in the unpacked archive, with PORT in its environment. */
  command: z.string().optional(),
  cache: z.array(Cache).max(10).optional(),
});
export const ScanSpec = z.object({
  /** The build or run step whose archive is scanned. Absent: the commit's own files. */
  of: StepName.optional(),
  /** Our own scanners to use. Default: both. */
  tools: z.array(z.enum(['secrets', 'dependencies'])).optional(),
  /** SARIF files that other scanners wrote, relative to the workspace with the needs' artifacts. */
  sarif: z.array(z.string()).max(20).optional(),
  /** The step says no when a finding is as grave as this. Default: high. */
  failOn: Severity.exclude(['none']).optional(),
});
export const DeploySpec = z.object({
  /** Build steps whose archives make up the release. Exactly one of them has a `command`. */
  release: z.array(StepName).min(1).max(20),
  stage: StageName,
  /** Path that must answer below 500. Default: `/`. */
  health: z.string().optional(),
  /** How long the release is watched after it serves; unhealthy means no. Default: 0. */
  watchSeconds: z.int().nonnegative().optional(),
  /** A rollback: the digest of an earlier release of this stage. Never written by the language. */
  rollbackTo: Digest.optional(),
});
export const HttpCheck = z.object({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']).optional(), // default GET
  /** A path on the stage's URL, or an absolute http(s) URL. */
  url: z.string(),
  body: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  expect: z
    .object({
      status: z.int().min(100).max(599).optional(), // default: below 400
      /** The body holds this text. */
      contains: z.string().optional(),
      /** Top-level fields of a JSON body. */
      json: z
        .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
        .optional(),
    })
    .optional(),
});
export type HttpCheck = z.infer<typeof HttpCheck>;
export const WebSocketCheck = z.object({
  /** A path on the stage's URL, or an absolute ws(s) URL. */
  url: z.string(),
  send: z.string().optional(),
  /** A message that holds this text must arrive. Default: opening is enough. */
  contains: z.string().optional(),
});
export type WebSocketCheck = z.infer<typeof WebSocketCheck>;
export const CheckSpec = z.object({
  /** Whose URL relative paths and $STAGE_URL mean. */
  stage: StageName.optional(),
  http: z.array(HttpCheck).max(100).optional(),
  webSocket: z.array(WebSocketCheck).max(100).optional(),
  commands: z.array(z.string()).optional(),
  /** How often one http or webSocket check is tried before it counts as no, a second apart. Default 3. */
  tries: z.int().min(1).max(100).optional(),
});
export const ApproveSpec = z.object({
  /** What the question is about: whose change the evidence shows. */
  stage: StageName.optional(),
  /** Logins and teams. Absent: everyone with the scope `approve`. */
  from: z.array(z.string()).max(50).optional(),
  /** Approvals needed. Default 1. One rejection ends the gate. */
  required: z.int().min(1).max(20).optional(),
  /** What silence means. Only `reject` is offered: nothing is released because nobody looked. */
  onTimeout: z.enum(['reject']).optional(),
});

export const PlannedStep = z.discriminatedUnion('kind', [
  z.object({ ...common, kind: z.literal('run'), spec: RunSpec }),
  z.object({ ...common, kind: z.literal('build'), spec: BuildSpec }),
  z.object({ ...common, kind: z.literal('scan'), spec: ScanSpec }),
  z.object({ ...common, kind: z.literal('deploy'), spec: DeploySpec }),
  z.object({ ...common, kind: z.literal('check'), spec: CheckSpec }),
  z.object({ ...common, kind: z.literal('approve'), spec: ApproveSpec }),
]);
export type PlannedStep = z.infer<typeof PlannedStep>;
export type StepKind = PlannedStep['kind'];
export type StepOf<K extends StepKind> = Extract<PlannedStep, { kind: K }>;

export const Plan = z.object({
  /** The pipeline's name. */
  pipeline: z.string().max(60),
  /** In the order of the file. Every `needs` names another step; the graph has no cycle. */
  steps: z.array(PlannedStep).min(1),
});
export type Plan = z.infer<typeof Plan>;
