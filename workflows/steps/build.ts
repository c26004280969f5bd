/** A `build` step: an archive of the commit, by digest. */
import { proxyActivities } from '@temporalio/workflow';
import type { BuildActivities } from '../../activities/build/build.activities.js';
import type { StepOf } from '../pipeline/plan.js';
import type { StepState } from '../run/run.messages.js';
import { answer } from './answer.js';
import { NET, optionsOf } from './options.js';
import type { StepRun } from './step-run.js';

const { buildArchive } = proxyActivities<BuildActivities>(NET);

export function build(of: StepRun, step: StepOf<'build'>): Promise<StepState> {
  const options = optionsOf(step, `archive ${step.spec.paths.join(', ')}`);
  return buildArchive
    .executeWithOptions(options, [{ context: of.context(step), step }])
    .then(answer);
}
