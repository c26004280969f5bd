/** Running a repository's own commands: in a fresh checkout, watched, logged, and ended for sure. */
import type { StepContext, StepResult } from '../../workflows/domain/step.js';
import type { StepOf } from '../../workflows/pipeline/plan.js';

export interface BuildActivities {
  /**
   * Runs the commands of a `run` step, in order, in a fresh checkout of the commit with the artifacts
   * of its needs and its caches restored. Heartbeats every second while commands run.
   *
   * Safe to retry: each attempt has a workspace of its own; the log says which attempt speaks.
   *
   * @returns `failed` with `exitCode` or `signal` when a command said no.
   * @throws {ApplicationFailure} `StepErrored`, retried: no workspace, no checkout, no artifact.
   * @throws {ApplicationFailure} `StepTimedOut`, retried only where the step asks for it.
   */
  runCommands: (input: { context: StepContext; step: StepOf<'run'> }) => Promise<StepResult>;

  /**
   * Runs the commands of a `build` step and archives its paths. Same input, same digest: entries are
   * sorted, times and owners are fixed. Safe to retry: the archive is stored under its digest.
   *
   * @returns `artifact`; `failed` when a command said no or a path matches nothing.
   * @throws {ApplicationFailure} `StepErrored` and `StepTimedOut`, as above.
   */
  buildArchive: (input: { context: StepContext; step: StepOf<'build'> }) => Promise<StepResult>;
}
