/** Everything the outside may tell a run, or ask it. The API imports only this file. */
import { defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { GateOutcome } from '../domain/gate.js';
import type { RunRef, Status, Trigger } from '../domain/run.js';
import type { StepResult } from '../domain/step.js';
import type { Plan } from '../pipeline/plan.js';
import type { Place } from '../stage/stage.messages.js';
import type { CarriedSteps } from './carry.js';

/** The workflow id of a run is its RunId. */
export interface Input {
  run: RunRef;
  trigger: Trigger;
  plan: Plan;
  /** State handed over by continue-as-new; absent at the start. */
  carried?: Carried;
}

/** All that a run must remember across continue-as-new. */
export interface Carried {
  steps: CarriedSteps;
  /** The status that readers were told last. */
  status: Status;
  /** Deploys that stand, oldest first: what put-back undoes from the end. */
  deployed: Deployed[];
  /** Where the run stands at each stage. */
  places: Record<string, Place['state']>;
  cancelled?: { by: string; reason: string };
  /** True once a put-back was made. */
  wasPutBack: boolean;
  /** Put-backs that could not be done, each a sentence. */
  notPutBack: string[];
}

export interface StepState {
  status: Status;
  reason?: string;
  result?: StepResult;
}

export interface Deployed {
  step: string;
  stage: string;
  releaseDigest: string;
}

export interface Outcome {
  status: Status;
  /** Present when the answer was no. Written for the author of the commit. */
  reason?: string;
}

/** Stops the run: running commands are ended, deployed stages put back, `when: always` steps run. */
export const cancel = defineUpdate<{ status: Status }, [{ by: string; reason: string }]>('cancel');

/** Live state. Costs no history. */
export const state = defineQuery<{ status: Status; steps: Record<string, StepState> }>('state');

/** From the stage's queue: it is this run's turn. Repeating it changes nothing. */
export const stageGranted = defineSignal<[{ stage: string }]>('stageGranted');

/** From the stage's queue: how many are before us, and who. Shown as the step's reason. */
export const stageQueued =
  defineSignal<[{ stage: string; position: number; behind: string }]>('stageQueued');

/** From the approval workflow: the gate of `step` was answered. Repeating it changes nothing. */
export const gateAnswered =
  defineSignal<[{ step: string; outcome: GateOutcome; reason: string | null }]>('gateAnswered');

/** Search attributes of a run, all Keyword. Registered when the stack starts. */
export const attributes = {
  repository: defineSearchAttributeKey('SlipwayRepository', 'KEYWORD'),
  pipeline: defineSearchAttributeKey('SlipwayPipeline', 'KEYWORD'),
  commit: defineSearchAttributeKey('SlipwayCommit', 'KEYWORD'),
  branch: defineSearchAttributeKey('SlipwayBranch', 'KEYWORD'),
  stage: defineSearchAttributeKey('SlipwayStage', 'KEYWORD'),
  status: defineSearchAttributeKey('SlipwayStatus', 'KEYWORD'),
};
