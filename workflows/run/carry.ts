/** What a run takes along into a new history: little, because Temporal limits it together with the plan. */
import type { Status } from '../domain/run.js';
import type { PlannedStep } from '../pipeline/plan.js';
import type { StepState } from './run.messages.js';

/** Position in this list is a step's letter: 0 is pending. Append only, histories hold it. */
const LETTERS: readonly Status[] = [
  'pending',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'rolledBack',
  'errored',
  'cancelled',
  'skipped',
  'superseded',
];

export interface CarriedSteps {
  /** One digit per step of the plan, in its order. */
  statuses: string;
  /** More about those steps that later steps or the outcome need. */
  details: Record<string, Omit<StepState, 'status'>>;
}

export function packSteps(
  steps: readonly PlannedStep[],
  stateOf: (name: string) => StepState,
): CarriedSteps {
  const needed = neededLater(steps, stateOf);
  const hasGate = steps.some((s) => s.kind === 'approve' && !hasEnded(stateOf(s.name).status));
  const details: CarriedSteps['details'] = {};
  let statuses = '';
  for (const { name } of steps) {
    const { status, reason, result } = stateOf(name);
    statuses += LETTERS.indexOf(status);
    const kept: Omit<StepState, 'status'> = {};
    if (reason !== undefined && status !== 'skipped') kept.reason = reason;
    if (result !== undefined && needed.has(name)) kept.result = result;
    else if (hasGate && (result?.summary ?? result?.findings) !== undefined) {
      const { outputs: _outputs, artifact: _artifact, ...shown } = result ?? { verdict: 'failed' };
      kept.result = shown;
    }
    if (Object.keys(kept).length > 0) details[name] = kept;
  }
  return { statuses, details };
}

export function unpackSteps(
  steps: readonly PlannedStep[],
  { statuses, details }: CarriedSteps,
): Map<string, StepState> {
  const states = new Map<string, StepState>();
  steps.forEach(({ name }, index) => {
    const status = LETTERS[Number(statuses[index])];
    if (status === undefined) throw new Error(`the carried state has no status of step "${name}"`);
    if (status !== 'pending') states.set(name, { status, ...details[name] });
  });
  return states;
}

/** Steps whose outputs the templates of `step` name. */
export function outputsNamedBy(step: PlannedStep): Set<string> {
  const text = JSON.stringify([step.env, step.spec]);
  const names = text.matchAll(/steps\.([A-Za-z_][A-Za-z0-9_-]*)\.outputs/g);
  return new Set([...names].flatMap(([, name]) => (name === undefined ? [] : [name])));
}

/** Steps whose artifacts go with `step`, in the order of its needs. */
export function artifactsNamedBy(step: PlannedStep): string[] {
  const names = [...(step.needs ?? [])];
  if (step.kind === 'scan' && step.spec.of !== undefined) names.push(step.spec.of);
  if (step.kind === 'deploy') names.push(...step.spec.release);
  return [...new Set(names)];
}

function neededLater(
  steps: readonly PlannedStep[],
  stateOf: (name: string) => StepState,
): Set<string> {
  const needed = new Set<string>();
  for (const step of steps) {
    if (hasEnded(stateOf(step.name).status)) continue;
    for (const name of outputsNamedBy(step)) needed.add(name);
    for (const name of artifactsNamedBy(step)) {
      if (stateOf(name).result?.artifact !== undefined) needed.add(name);
    }
  }
  return needed;
}

function hasEnded(status: Status): boolean {
  return status !== 'pending' && status !== 'running' && status !== 'waiting';
}
