/** What steps see of their run, and where signals for them arrive. */
import { ApplicationFailure, condition } from '@temporalio/workflow';
import type { Pinned } from '../../activities/deploy/deploy.activities.js';
import type { StepContext } from '../domain/step.js';
import { StepFailure } from '../domain/step-failure.js';
import type { PlannedStep, StepOf } from '../pipeline/plan.js';
import { NEAR } from '../stage/words.js';
import type { GateAnswer, StepRun } from '../steps/step-run.js';
import { describeStage } from './attributes.js';
import type { Board } from './board.js';
import type { Places } from './places.js';
import type { PutBacks } from './put-backs.js';
import type { Input, StepState } from './run.messages.js';

/** A stage's turn that does not come within this time ends the step as errored, seconds. */
const TURN_SECONDS = 86_400;

export interface DeskParts {
  board: Board;
  places: Places;
  putBacks: PutBacks;
}

export class Desk implements StepRun {
  private readonly answers = new Map<string, GateAnswer>();
  /** Which step asks for, or has, a stage's turn. */
  private readonly deploying = new Map<string, string>();

  /** @param show Called with states that are not final. */
  constructor(
    readonly input: Input,
    private readonly parts: DeskParts,
    readonly show: (name: string, state: StepState) => void,
  ) {}

  context(step: PlannedStep): StepContext {
    return this.parts.board.contextOf(step);
  }

  stateOf(name: string): StepState {
    return this.parts.board.stateOf(name);
  }

  stepsBefore(name: string, limit: number): PlannedStep[] {
    return this.parts.board.stepsBefore(name, limit);
  }

  standingStages(): string[] {
    return [...new Set(this.parts.putBacks.deployed.map(({ stage }) => stage))];
  }

  async inTurn<T>(step: StepOf<'deploy'>, work: () => Promise<T>): Promise<T> {
    const { stage } = step.spec;
    while (this.deploying.has(stage)) await condition(() => !this.deploying.has(stage));
    this.deploying.set(stage, step.name);
    try {
      if (!(await this.parts.places.turn(stage, TURN_SECONDS))) throw noTurn(stage);
      if (this.stateOf(step.name).status === 'waiting') this.show(step.name, { status: 'running' });
      describeStage(stage);
      return await work();
    } finally {
      this.deploying.delete(stage);
    }
  }

  pin(step: StepOf<'deploy'>, pinning: () => Promise<Pinned>): Promise<Pinned> {
    return this.parts.putBacks.pin(step, pinning);
  }

  async answerTo(name: string, withinSeconds: number): Promise<GateAnswer | undefined> {
    await condition(() => this.answers.has(name), withinSeconds * 1_000);
    return this.answers.get(name);
  }

  isAnswered(name: string): boolean {
    return this.answers.has(name);
  }

  answered(name: string, answer: GateAnswer): void {
    if (!this.answers.has(name)) this.answers.set(name, answer);
  }

  /** Shows who is before us; a word that comes after the turn is late and says nothing. */
  queued({ stage, position, behind }: { stage: string; position: number; behind: string }): void {
    const step = this.deploying.get(stage);
    if (step === undefined || this.parts.places.holds(stage)) return;
    const reason =
      position > NEAR
        ? `waits for stage "${stage}": about ${position} runs before it`
        : `waits for stage "${stage}": ${position} before it, next is run "${behind}"`;
    this.show(step, { status: 'waiting', reason });
  }
}

function noTurn(stage: string): ApplicationFailure {
  const hours = TURN_SECONDS / 3_600;
  const message =
    `the turn for stage "${stage}" did not come within ${hours} h; ` +
    `look at the runs before this one with "slipway stages"`;
  return ApplicationFailure.nonRetryable(message, StepFailure.errored);
}
