/** What a run takes along into a new history: little, because Temporal limits it together with the plan. */
import type { Status } from '../domain/run.js';
import type { StepResult } from '../domain/step.js';
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

/**
 * `shown` holds what later steps, the outcome and people need; `needed` leaves out what is only shown
 * (it is in the record), for plans so large that all of it would not fit.
 */
export function packSteps(
  steps: readonly PlannedStep[],
  stateOf: (name: string) => StepState,
  depth: 'shown' | 'needed' = 'shown',
): CarriedSteps {
  const needed = neededLater(steps, stateOf);
  const telling = depth === 'shown' ? undefined : tellingSteps(steps, stateOf);
  const hasGate = steps.some((s) => s.kind === 'approve' && !hasEnded(stateOf(s.name).status));
  const details: CarriedSteps['details'] = {};
  let statuses = '';
  for (const { name } of steps) {
    const { status, reason, result } = stateOf(name);
    statuses += LETTERS.indexOf(status);
    const kept: Omit<StepState, 'status'> = {};
    const isTold = telling?.has(name) ?? status !== 'skipped';
    if (reason !== undefined && isTold) kept.reason = reason;
    const isShown = hasGate && depth === 'shown';
    const packed = result && packResult(result, { isShown, ...needed.get(name) });
    if (packed !== undefined) kept.result = packed;
    if (Object.keys(kept).length > 0) details[name] = kept;
  }
  return { statuses, details };
}

interface Wanted {
  isShown: boolean;
  outputs?: boolean;
  artifact?: boolean;
}

function packResult(result: StepResult, wanted: Wanted): StepResult | undefined {
  const { outputs, artifact, summary, findings, verdict } = result;
  const packed: StepResult = { verdict };
  if (wanted.outputs === true && outputs !== undefined) packed.outputs = outputs;
  if (wanted.artifact === true && artifact !== undefined) packed.artifact = artifact;
  if (wanted.isShown && summary !== undefined) packed.summary = summary;
  if (wanted.isShown && findings !== undefined) packed.findings = findings;
  return Object.keys(packed).length > 1 ? packed : undefined;
}

/** Of each status the first step and the last one: whose reasons the outcome may tell. */
function tellingSteps(
  steps: readonly PlannedStep[],
  stateOf: (name: string) => StepState,
): Set<string> {
  const first = new Map<Status, string>();
  const last = new Map<Status, string>();
  for (const { name, continueOnError } of steps) {
    const { status } = stateOf(name);
    if (continueOnError === true || status === 'skipped') continue;
    if (!first.has(status)) first.set(status, name);
    last.set(status, name);
  }
  return new Set([...first.values(), ...last.values()]);
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

/** What steps that have not ended name, by the step that it is of. */
function neededLater(
  steps: readonly PlannedStep[],
  stateOf: (name: string) => StepState,
): Map<string, Omit<Wanted, 'isShown'>> {
  const needed = new Map<string, Omit<Wanted, 'isShown'>>();
  for (const step of steps) {
    if (hasEnded(stateOf(step.name).status)) continue;
    for (const name of outputsNamedBy(step)) {
      needed.set(name, { ...needed.get(name), outputs: true });
    }
    for (const name of artifactsNamedBy(step)) {
      needed.set(name, { ...needed.get(name), artifact: true });
    }
  }
  return needed;
}

export function hasEnded(status: Status): boolean {
  return status !== 'pending' && status !== 'running' && status !== 'waiting';
}
