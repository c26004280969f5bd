/**
 * Drives a run: starts what may start, hears what ended, puts back, and moves on in new histories.
 *
 * Promises that nobody awaits may reject only for a bug of ours: Temporal then fails the workflow
 * task, and the run goes on when the fix is there.
 */
import {
  ApplicationFailure,
  condition,
  continueAsNew,
  isCancellation,
  proxyLocalActivities,
  workflowInfo,
} from '@temporalio/workflow';
import type { RecordActivities } from '../../activities/store/record.activities.js';
import { MAX_STEPS_IN_PROGRESS } from '../domain/limits.js';
import type { Status } from '../domain/run.js';
import { advance, isFinal } from '../domain/transitions.js';
import type { PlannedStep } from '../pipeline/plan.js';
import { stagesOf } from '../pipeline/stages.js';
import { execute } from '../steps/execute.js';
import { UNTIL_DONE } from '../steps/local.js';
import { attemptsOf } from '../steps/options.js';
import { afterPutBack, notPutBack, type PutBackEnd } from './after-put-back.js';
import { describe, describeStatus } from './attributes.js';
import { Board } from './board.js';
import { Desk } from './desk.js';
import { isReported, toSentence } from './failure.js';
import { type Flight, Flights } from './flights.js';
import { Freight } from './freight.js';
import { handOver } from './handover.js';
import { outcomeOf } from './outcome.js';
import { Places } from './places.js';
import { pressureOf } from './pressure.js';
import { PutBacks } from './put-backs.js';
import { isRecordedHere, Recorder } from './recorder.js';
import type { Carried, Input, Outcome, StepState } from './run.messages.js';
import type { run } from './run.workflow.js';
import { Blame, stepsBehindDeploys } from './saga.js';
import { type Ended, Scheduler } from './scheduler.js';

const { openRun } = proxyLocalActivities<RecordActivities>(UNTIL_DONE);

export class Engine {
  readonly desk: Desk;
  readonly places: Places;
  private status: Status;
  private outcome: Outcome | undefined;
  private cancelled: Carried['cancelled'];
  private hasChanged = true;
  private isTooBigToCarry = false;
  private readonly notPutBack: string[];
  private readonly flights: Flights;
  private readonly board: Board;
  private readonly scheduler: Scheduler;
  private readonly blame: Blame;
  private readonly putBacks: PutBacks;
  private readonly recorder: Recorder;
  private readonly freight: Freight;

  constructor(private readonly input: Input) {
    const { run, plan, carried } = input;
    this.status = carried?.status ?? 'running';
    this.cancelled = carried?.cancelled;
    this.notPutBack = [...(carried?.notPutBack ?? [])];
    this.board = new Board(input);
    this.scheduler = new Scheduler(plan.steps, this.board.statuses());
    if (this.cancelled !== undefined) this.scheduler.cancel();
    this.blame = new Blame(plan.steps);
    this.flights = new Flights(stepsBehindDeploys(plan.steps));
    this.places = new Places(run, carried?.places ?? {});
    const on = {
      end: (end: PutBackEnd) => this.putBackEnded(end),
      done: () => this.wake(),
    };
    this.putBacks = new PutBacks({ run, places: this.places, on }, carried);
    const parts = { board: this.board, places: this.places, putBacks: this.putBacks };
    this.desk = new Desk(input, parts, (name, state) => this.set(name, state, true));
    const of = (name: string) => this.board.stateOf(name);
    this.recorder = new Recorder(run.id, { of, run: () => this.now() });
    this.freight = new Freight(input, of, () => this.wake());
  }

  async run(): Promise<Outcome> {
    await this.begin();
    for (;;) {
      this.proceed();
      if (this.isOver()) return this.end();
      this.recorder.write();
      if (this.isTimeToMoveOn()) await this.moveOn();
      await condition(() => this.hasChanged || this.isTimeToMoveOn());
    }
  }

  state(): { status: Status; steps: Record<string, StepState> } {
    return { status: this.status, steps: this.board.shown() };
  }

  refuseWhenOver(): void {
    if (!isFinal(this.status)) return;
    const message = `run "${this.input.run.id}" is ${this.status} already: nothing is left to cancel`;
    throw ApplicationFailure.nonRetryable(message, 'RunEnded');
  }

  /** Repeating it changes nothing. */
  cancel(asked: { by: string; reason: string }): { status: Status } {
    if (this.cancelled !== undefined || isFinal(this.status)) return { status: this.status };
    this.cancelled = asked;
    this.scheduler.cancel();
    this.flights.cancel();
    const standing = this.putBacks.deployed.map(({ step }) => step);
    this.doom(standing, `${asked.by} cancelled: ${asked.reason}`);
    this.hasChanged = true;
    return { status: this.status };
  }

  private async begin(): Promise<void> {
    const { run, trigger, plan, carried } = this.input;
    if (carried !== undefined) {
      for (const name of this.board.gates) this.start(this.board.step(name));
      return;
    }
    describe(this.input);
    await openRun({ run, trigger, plan });
    this.places.approach(stagesOf(plan));
    this.recorder.noteRun();
  }

  /** Starts what may start, and follows what ended. */
  private proceed(): void {
    const ready = this.scheduler.ready(this.room());
    for (const { name, status } of ready.passed) this.passed(name, status);
    for (const step of ready.start) {
      this.set(step.name, { status: 'running' }, isRecordedHere(step));
      this.start(step);
    }
    this.freight.load(ready.start.length, this.scheduler.hasReady);
    if (ready.start.length === 0 && this.flights.size === 0) this.mustNotBeStuck();
    this.followStatus();
    this.hasChanged = false;
  }

  /** How many steps may start now. */
  private room(): number {
    if (this.putBacks.isBusy) return 0;
    const pressure = this.pressure();
    if (pressure === 'drain') return 0;
    if (pressure === 'quiet' && this.isQuiet()) return 0;
    const room = MAX_STEPS_IN_PROGRESS - this.flights.size;
    return this.scheduler.hasReady ? this.freight.room(room) : room;
  }

  private start(step: PlannedStep): void {
    const flight = this.flights.begin(step);
    void flight.scope
      .run(() => execute(this.desk, step))
      .then(
        (state) => this.landed(flight, state, isRecordedHere(step)),
        (cause: unknown) => this.landed(flight, this.stateFrom(cause, flight), true),
      );
  }

  /** @throws what is a bug: it stops the run until we ship the fix. */
  private stateFrom(cause: unknown, { step, endedBecause }: Flight): StepState {
    if (!isReported(cause)) throw cause;
    if (!isCancellation(cause)) {
      return { status: 'errored', reason: toSentence(cause, attemptsOf(step)) };
    }
    if (endedBecause !== undefined) return { status: 'skipped', reason: endedBecause };
    const reason = this.cancelled && `${this.cancelled.by} cancelled: ${this.cancelled.reason}`;
    return reason === undefined ? { status: 'cancelled' } : { status: 'cancelled', reason };
  }

  /** @param isNews True when the step's activity did not record this end itself. */
  private landed({ step }: Flight, told: StepState, isNews: boolean): void {
    const state = this.freight.accept(step, told);
    this.flights.landed(step.name);
    this.set(step.name, state, isNews || state !== told);
    this.freight.ended(step);
    this.scheduler.finished(step.name, state.status as Ended);
    this.react(step, state);
  }

  private passed(name: string, status: 'skipped' | 'cancelled'): void {
    const reason = this.board.whyPassed(name);
    this.set(name, reason === undefined ? { status } : { status, reason }, true);
    this.freight.ended(this.board.step(name));
    if (this.board.step(name).kind === 'deploy') this.leaveStages();
  }

  /** After a "no", deploys that the step needs, or is, must not stay. */
  private react(step: PlannedStep, { status, reason = status }: StepState): void {
    const isNo = status === 'failed' || status === 'errored' || status === 'cancelled';
    const isDeploy = step.kind === 'deploy';
    if (isDeploy && status !== 'succeeded') this.doom([step.name], reason);
    if (isNo && step.continueOnError !== true) {
      this.doom(this.blame.deploysBehind(step.name), `put back because ${step.name}: ${reason}`);
    }
    if (isDeploy) this.leaveStages();
  }

  private doom(steps: readonly string[], because: string): void {
    const doomed = this.putBacks.doom(steps, because);
    if (doomed.length === 0) return;
    for (const name of doomed) this.scheduler.revoked(name);
    this.flights.endPointless((name) => this.scheduler.isBroken(name), because);
    this.hasChanged = true;
  }

  private putBackEnded(end: PutBackEnd): void {
    const { step } = end.deploy;
    const before = this.board.stateOf(step);
    const after = afterPutBack(before, end);
    const sentence = notPutBack(end);
    if (sentence !== undefined) this.notPutBack.push(sentence);
    if (after !== before) this.set(step, after, true);
    this.leaveStages();
    this.hasChanged = true;
  }

  private set(name: string, state: StepState, isNews: boolean): void {
    this.board.set(name, state);
    if (isNews) this.recorder.note(name);
    this.hasChanged = true;
  }

  /** `waiting` when nothing runs; when only people are waited for, other runs may pass. */
  private followStatus(): void {
    const { waiting, gates } = this.board;
    const inFlight = this.flights.size;
    const isWaiting = inFlight > 0 && waiting.size === inFlight && !this.putBacks.isBusy;
    if (isWaiting && gates.size === inFlight) this.places.pause();
    else if (!this.putBacks.isBusy) this.places.resume((stage) => this.board.isAhead(stage));
    const status = isWaiting ? 'waiting' : 'running';
    if (status === this.status || this.isOver()) return;
    this.status = advance(this.status, status);
    describeStatus(status);
    this.recorder.noteRun();
  }

  /** Gives up stages to which nothing more is deployed and where nothing of ours stands. */
  private leaveStages(): void {
    const isDone = (stage: string) => !this.board.isAhead(stage) && !this.putBacks.standsOn(stage);
    void this.places.leave(isDone);
  }

  private isOver(): boolean {
    return this.scheduler.isDone && this.flights.size === 0 && !this.putBacks.isBusy;
  }

  /** True when nothing runs: gates may wait, they go along into the new history. */
  private isQuiet(): boolean {
    return this.flights.size === this.board.gates.size && !this.putBacks.isBusy;
  }

  private pressure(): 'none' | 'quiet' | 'drain' {
    return this.isTooBigToCarry ? 'none' : pressureOf(workflowInfo());
  }

  private isTimeToMoveOn(): boolean {
    if (this.pressure() === 'none' || !this.isQuiet() || this.isOver()) return false;
    const isLanding = this.flights.isLanding((name) => this.desk.isAnswered(name));
    return this.recorder.isIdle && this.places.isIdle && !isLanding;
  }

  private async moveOn(): Promise<void> {
    const next = handOver(this.input, (name) => this.board.stateOf(name), {
      status: this.status,
      deployed: this.putBacks.deployed,
      places: this.places.carried(),
      ...(this.cancelled === undefined ? {} : { cancelled: this.cancelled }),
      wasPutBack: this.putBacks.wasPutBack,
      notPutBack: this.notPutBack,
    });
    this.isTooBigToCarry = next === undefined;
    this.hasChanged = true;
    if (next !== undefined) await continueAsNew<typeof run>(next);
  }

  private async end(): Promise<Outcome> {
    const outcome = outcomeOf({
      steps: this.input.plan.steps,
      stateOf: (name) => this.board.stateOf(name),
      cancelled: this.cancelled,
      wasPutBack: this.putBacks.wasPutBack,
      notPutBack: this.notPutBack,
    });
    this.outcome = outcome;
    this.status = advance(this.status, outcome.status);
    describeStatus(this.status);
    this.recorder.noteRun();
    this.recorder.write();
    await this.places.leave(() => true);
    await condition(() => this.recorder.isIdle && this.places.isIdle);
    return outcome;
  }

  private now(): Outcome {
    return this.outcome ?? { status: this.status };
  }

  private mustNotBeStuck(): void {
    if (this.isOver() || this.putBacks.isBusy || this.pressure() !== 'none') return;
    if (this.freight.isFull) return;
    throw new Error('nothing runs and nothing may start, but steps are left: the plan has a cycle');
  }

  private wake(): void {
    this.hasChanged = true;
  }
}
