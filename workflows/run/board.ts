/** Where every step of a run stands, and what its activity is told about the others. Pure. */
import type { Artifact } from '../domain/release.js';
import type { Status } from '../domain/run.js';
import type { StepContext } from '../domain/step.js';
import type { PlannedStep } from '../pipeline/plan.js';
import { artifactsNamedBy, outputsNamedBy, unpackSteps } from './carry.js';
import type { Input, StepState } from './run.messages.js';

/** Of a reason, for readers of the live state; the record has all of it. */
const MAX_SHOWN_CHARS = 100;

const PENDING: StepState = { status: 'pending' };

export class Board {
  /** Steps that wait for a person or for a stage. */
  readonly waiting = new Set<string>();
  /** Those of them that wait for a person. */
  readonly gates = new Set<string>();
  private readonly steps: ReadonlyMap<string, PlannedStep>;
  private readonly states = new Map<string, StepState>();
  private readonly deploysLeft = new Map<string, number>();

  constructor(private readonly input: Input) {
    this.steps = new Map(input.plan.steps.map((step) => [step.name, step]));
    for (const step of input.plan.steps) {
      if (step.kind === 'deploy') this.countDeploy(step.spec.stage, 1);
    }
    if (input.carried === undefined) return;
    for (const [name, state] of unpackSteps(input.plan.steps, input.carried.steps)) {
      this.set(name, state);
    }
  }

  stateOf(name: string): StepState {
    return this.states.get(name) ?? PENDING;
  }

  step(name: string): PlannedStep {
    const step = this.steps.get(name);
    if (step === undefined) throw new Error(`the plan has no step "${name}"`);
    return step;
  }

  set(name: string, state: StepState): void {
    const step = this.step(name);
    const isWaiting = state.status === 'waiting';
    mark(this.waiting, name, isWaiting);
    mark(this.gates, name, isWaiting && step.kind === 'approve');
    const wasOver = isOver(this.stateOf(name));
    this.states.set(name, state);
    if (step.kind === 'deploy' && !wasOver && isOver(state)) this.countDeploy(step.spec.stage, -1);
  }

  /** Why a step was passed over: the first of its needs that did not succeed. */
  whyPassed(name: string): string | undefined {
    const { needs = [], when } = this.step(name);
    if (when === 'failure') return 'nothing that it depends on said no';
    const culprit = needs.find((need) => this.stateOf(need).status !== 'succeeded');
    return culprit && `needs "${culprit}": ${this.stateOf(culprit).status}`;
  }

  /** True while a deploy to the stage has not ended. */
  isAhead(stage: string): boolean {
    return (this.deploysLeft.get(stage) ?? 0) > 0;
  }

  statuses(): Map<string, Status> {
    return new Map([...this.states].map(([name, { status }]) => [name, status]));
  }

  /** For readers: without outputs, and short, since one answer to them may weigh 2 MiB. */
  shown(): Record<string, StepState> {
    const { steps } = this.input.plan;
    return Object.fromEntries(steps.map(({ name }) => [name, short(this.stateOf(name))]));
  }

  /** Only what the step names goes along: outputs may be long, and a history holds them. */
  contextOf(step: PlannedStep): StepContext {
    const outputs: StepContext['outputs'] = {};
    for (const name of outputsNamedBy(step)) {
      const given = this.stateOf(name).result?.outputs;
      if (given !== undefined) outputs[name] = given;
    }
    const artifacts = artifactsNamedBy(step).flatMap((name): Artifact[] => {
      const artifact = this.stateOf(name).result?.artifact;
      return artifact === undefined ? [] : [artifact];
    });
    const { run, trigger } = this.input;
    return { run, trigger, outputs, artifacts };
  }

  /** Steps before `name`, direct or not, in the order of the plan; at most `limit`, the nearest. */
  stepsBefore(name: string, limit: number): PlannedStep[] {
    const seen = new Set<string>();
    const open = [...(this.step(name).needs ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(this.step(next).needs ?? []));
    }
    return this.input.plan.steps.filter((step) => seen.has(step.name)).slice(-limit);
  }

  private countDeploy(stage: string, by: number): void {
    this.deploysLeft.set(stage, (this.deploysLeft.get(stage) ?? 0) + by);
  }
}

function short({ status, reason, result }: StepState): StepState {
  const state: StepState = { status };
  if (reason !== undefined) state.reason = reason.slice(0, MAX_SHOWN_CHARS);
  if (result?.artifact !== undefined) {
    state.result = { verdict: result.verdict, artifact: result.artifact };
  }
  return state;
}

function mark(set: Set<string>, name: string, isIn: boolean): void {
  if (isIn) set.add(name);
  else set.delete(name);
}

function isOver({ status }: StepState): boolean {
  return status !== 'pending' && status !== 'running' && status !== 'waiting';
}
