/**
 * A stage's queue: one deploy at a time, in the order of triggers. One workflow per repository and
 * stage, started by the first run that enters it (signal-with-start), ended when nobody is left.
 */
import { defineQuery, defineSignal } from '@temporalio/workflow';

export interface Input {
  repository: string;
  stage: string;
  /** State handed over by continue-as-new. */
  carried?: Place[];
}

/**
 * Where a run stands:
 * - `approaching`: it will deploy later; newer runs wait for it;
 * - `asking`: it wants its turn now;
 * - `holding`: it has its turn, from before the deploy until it leaves or pauses;
 * - `paused`: it waits at a gate; others may pass it.
 */
export interface Place {
  runId: string;
  order: number;
  state: 'approaching' | 'asking' | 'holding' | 'paused';
}

/** Every signal may be repeated; the last one counts. Unknown runs are taken in. */
export const move = defineSignal<[Place]>('move');
/** The run will not deploy to this stage (any more). */
export const leave = defineSignal<[{ runId: string }]>('leave');
/** Who is where, in order. */
export const queue = defineQuery<Place[]>('queue');

export function stageQueueId(repository: string, stage: string): string {
  return `stage:${repository}:${stage}`;
}
