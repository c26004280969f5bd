/**
 * What a run may load on Temporal: what its steps need of each other, and how many start at once.
 *
 * Runs of release 0.1.0 had no such limits. A history that began without them goes on without them.
 */
import { CancellationScope, patched, sleep, workflowInfo } from '@temporalio/workflow';
import type { StepResult } from '../domain/step.js';
import type { PlannedStep } from '../pipeline/plan.js';
import { Luggage } from './luggage.js';
import { isHeavy } from './pressure.js';
import type { Input, StepState } from './run.messages.js';
import { bytesOf, luggageLimit, startsAtOnce } from './weight.js';

/** Ends a workflow task: what waits for the next one starts then. */
const NEXT_TASK_MS = 1;

export class Freight {
  /** Asked when a history begins, as every patch must be: see ADR 0032. */
  private readonly hasLimits = patched('freight-has-limits');
  private luggage: Luggage | undefined;
  private readonly triggerBytes: number;
  /** At least as many as the present workflow task has started. */
  private startedSinceWait = 0;
  /** The last answer of `room` was less than what was asked for. */
  private isLimited = false;
  private isWaitingForTask = false;

  /** @param wake Called when more steps may start. */
  constructor(
    private readonly input: Input,
    private readonly stateOf: (name: string) => StepState,
    private readonly wake: () => void,
  ) {
    this.triggerBytes = bytesOf(input.trigger);
    const carried = Object.values(input.carried?.steps.details ?? {});
    if (carried.some(({ result }) => isLuggage(result))) this.luggage = this.pack();
  }

  /** True while steps wait for the next workflow task. */
  get isFull(): boolean {
    return this.isWaitingForTask;
  }

  /** The state of a step that ended, or a "no" where its result is more than the run can carry. */
  accept({ name }: PlannedStep, state: StepState): StepState {
    const { result } = state;
    if (!isLuggage(result)) return state;
    this.luggage ??= this.pack();
    const refusal = this.luggage.take(name, result);
    if (refusal === undefined || !this.hasLimits) return state;
    return { status: 'failed', reason: refusal };
  }

  /** The step needs nothing of others any more. */
  ended(step: PlannedStep): void {
    this.luggage?.ended(step);
  }

  /** Of `most` steps, how many may start now. Call it when some are ready. */
  room(most: number): number {
    if (!this.hasLimits) return most;
    if (isHeavy(workflowInfo())) return 0;
    const told = this.triggerBytes + (this.luggage?.bytes ?? 0);
    const left = startsAtOnce(told, most + this.startedSinceWait) - this.startedSinceWait;
    this.isLimited = left < most;
    return Math.max(0, Math.min(left, most));
  }

  /** So many steps were started; `isMoreReady`: others wait, for whatever reason. */
  load(count: number, isMoreReady: boolean): void {
    this.startedSinceWait += count;
    if (isMoreReady && this.isLimited) this.waitForTask();
    this.isLimited = false;
  }

  private waitForTask(): void {
    if (this.isWaitingForTask) return;
    this.isWaitingForTask = true;
    void CancellationScope.nonCancellable(() => sleep(NEXT_TASK_MS)).then(() => {
      this.isWaitingForTask = false;
      this.startedSinceWait = 0;
      this.wake();
    });
  }

  private pack(): Luggage {
    const { carried: _carried, ...own } = this.input;
    const { steps } = own.plan;
    return new Luggage(steps, this.stateOf, luggageLimit(bytesOf(own), steps.length));
  }
}

function isLuggage(result: StepResult | undefined): result is StepResult {
  return result?.outputs !== undefined || result?.artifact !== undefined;
}
