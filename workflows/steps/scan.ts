/** A `scan` step: what scanners find, answered by severity. */
import { proxyActivities } from '@temporalio/workflow';
import type { ScanActivities } from '../../activities/scan/scan.activities.js';
import type { StepOf } from '../pipeline/plan.js';
import type { StepState } from '../run/run.messages.js';
import { answer } from './answer.js';
import { NET, optionsOf } from './options.js';
import type { StepRun } from './step-run.js';

const { scan: scanArtifact } = proxyActivities<ScanActivities>(NET);

export function scan(of: StepRun, step: StepOf<'scan'>): Promise<StepState> {
  const options = optionsOf(step, `scan ${step.spec.of ?? 'the commit'}`);
  return scanArtifact
    .executeWithOptions(options, [{ context: of.context(step), step }])
    .then(answer);
}
