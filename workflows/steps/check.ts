/** A `check` step: http and webSocket checks from outside, then the repository's own commands. */
import { proxyActivities } from '@temporalio/workflow';
import type { BuildActivities } from '../../activities/build/build.activities.js';
import type { VerifyActivities } from '../../activities/verify/verify.activities.js';
import type { StepResult } from '../domain/step.js';
import type { StepOf } from '../pipeline/plan.js';
import type { StepState } from '../run/run.messages.js';
import { answer } from './answer.js';
import { NET, optionsOf, timeoutSeconds } from './options.js';
import type { StepRun } from './step-run.js';

const { checkStage } = proxyActivities<VerifyActivities>(NET);
const { runCommands } = proxyActivities<BuildActivities>(NET);

export async function check(of: StepRun, step: StepOf<'check'>): Promise<StepState> {
  const seen = await fromOutside(of, step);
  if (seen?.verdict === 'failed') return answer(seen);
  const ran = await byCommands(of, step);
  return answer(together(seen, ran));
}

async function fromOutside(of: StepRun, step: StepOf<'check'>): Promise<StepResult | undefined> {
  const { http = [], webSocket = [], stage } = step.spec;
  if (http.length + webSocket.length === 0) return undefined;
  const options = optionsOf(step, `check ${stage ?? [...http, ...webSocket][0]?.url}`);
  return checkStage.executeWithOptions(options, [{ context: of.context(step), step }]);
}

async function byCommands(of: StepRun, step: StepOf<'check'>): Promise<StepResult | undefined> {
  const { commands = [], stage } = step.spec;
  if (commands.length === 0) return undefined;
  const options = optionsOf(step, commands.join(', '));
  const asRun: StepOf<'run'> = {
    ...step,
    kind: 'run',
    timeoutSeconds: timeoutSeconds(step),
    spec: { commands },
  };
  const input = { context: of.context(step), step: asRun };
  return runCommands.executeWithOptions(options, [
    stage === undefined ? input : { ...input, stage },
  ]);
}

/** A check of nothing has nothing to object to. */
function together(seen?: StepResult, ran?: StepResult): StepResult {
  const summary = [seen?.summary, ran?.summary].filter(Boolean).join('; ');
  const result: StepResult = { verdict: 'succeeded', ...seen, ...ran };
  return summary === '' ? result : { ...result, summary };
}
