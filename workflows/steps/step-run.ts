/** What a step may ask of the run that it belongs to. The engine implements it. */
import type { Pinned } from '../../activities/deploy/deploy.activities.js';
import type { GateOutcome } from '../domain/gate.js';
import type { StepContext } from '../domain/step.js';
import type { PlannedStep, StepOf } from '../pipeline/plan.js';
import type { Input, StepState } from '../run/run.messages.js';

export interface GateAnswer {
  outcome: GateOutcome;
  reason: string | null;
}

export interface StepRun {
  readonly input: Input;

  /** What the step's activity is told about the run. */
  context(step: PlannedStep): StepContext;

  stateOf(name: string): StepState;

  /** Stages that carry a release of this run, each once. */
  standingStages(): string[];

  /** Steps before `name`, direct or not, in the order of the plan; at most `limit`, the nearest. */
  stepsBefore(name: string, limit: number): PlannedStep[];

  /** Shows a state that is not final: readers see it, and the run's status follows it. */
  show(name: string, state: StepState): void;

  /**
   * Waits for the stage's turn, then does `work`; no other deploy of this run does at the same time.
   *
   * @throws {ApplicationFailure} `StepErrored` when the turn does not come within a day.
   */
  inTurn<T>(step: StepOf<'deploy'>, work: () => Promise<T>): Promise<T>;

  /**
   * Pins the step's release. Not cancellable: a commit that may or may not be there cannot be put
   * back. What was pinned stands until the engine puts it back.
   */
  pin(step: StepOf<'deploy'>, pinning: () => Promise<Pinned>): Promise<Pinned>;

  /** The answer to the step's gate; undefined when none came within the limit. Seconds. */
  answerTo(name: string, withinSeconds: number): Promise<GateAnswer | undefined>;

  /** Takes an answer to a gate; the first one counts. */
  answered(name: string, answer: GateAnswer): void;
}
