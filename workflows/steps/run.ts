/** A `run` step: the repository's own commands. */
import { proxyActivities } from '@temporalio/workflow';
import type { BuildActivities } from '../../activities/build/build.activities.js';
import type { StepOf } from '../pipeline/plan.js';
import type { StepState } from '../run/run.messages.js';
import { answer } from './answer.js';
import { NET, optionsOf } from './options.js';
import type { StepRun } from './step-run.js';

const { runCommands } = proxyActivities<BuildActivities>(NET);

export function run(of: StepRun, step: StepOf<'run'>): Promise<StepState> {
  const options = optionsOf(step, step.spec.commands.join(', '));
  return runCommands
    .executeWithOptions(options, [{ context: of.context(step), step }])
    .then(answer);
}
