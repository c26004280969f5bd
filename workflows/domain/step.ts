/** What a step's activity is asked, and the facts that it returns. */
import { z } from 'zod';
import { Severity } from './finding.js';
import { Artifact } from './release.js';
import { RunRef, Trigger } from './run.js';

export { StepFailure } from './step-failure.js';

/** Who calls: everything about the run that a step may show to its commands. */
export const StepContext = z.object({
  run: RunRef,
  trigger: Trigger,
  /** `outputs` of finished steps that the step's templates name: step -> output -> value. */
  outputs: z.record(z.string(), z.record(z.string(), z.string())),
  /** Artifacts of the steps that this one needs, in the order of `needs`. */
  artifacts: z.array(Artifact),
});
export type StepContext = z.infer<typeof StepContext>;

/**
 * The answer of a step. "No" is a value: `failed` with a reason. "Could not find out" is not here:
 * it is thrown, see StepErrored.
 */
export const StepResult = z.object({
  verdict: z.enum(['succeeded', 'failed']),
  /** Why no. Written for the author of the commit. */
  reason: z.string().optional(),
  /** One line on what was seen, for a reader of the run: "14 checks ok". */
  summary: z.string().optional(),
  /** Of the command that ended the step. */
  exitCode: z.int().nullable().optional(),
  /** The signal that ended that command, like "SIGKILL". */
  signal: z.string().optional(),
  outputs: z.record(z.string(), z.string()).optional(),
  /** Of a `build` step; of a `run` step with `artifacts`. */
  artifact: Artifact.optional(),
  /** Of a `scan` step: how many of each severity. */
  findings: z.partialRecord(Severity, z.int()).optional(),
});
export type StepResult = z.infer<typeof StepResult>;
