/** Scanning: our own scanners and anybody's SARIF, answered by severity. */
import type { StepContext, StepResult } from '../../workflows/domain/step.js';
import type { StepOf } from '../../workflows/pipeline/plan.js';

export interface ScanActivities {
  /**
   * Scans the artifact `of` (from the context's artifacts), or the commit's files. Findings go to the
   * log and, by severity, into the result. Safe to retry: it reads only.
   *
   * @returns `failed` when a finding reaches `failOn` (default high). The summary says how old the
   *   vulnerability data is.
   * @throws {ApplicationFailure} `StepErrored`, retried: the artifact or the data cannot be read.
   */
  scan: (input: { context: StepContext; step: StepOf<'scan'> }) => Promise<StepResult>;
}
