/** Workers with real workflow code and fake activities, as many as a scenario wants, side by side. */
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { type AllActivities, fakeActivities } from '../../../workflows/testing/fake-activities.js';
import { stageQueues } from '../../../workflows/testing/stage-queues.js';
import type { TemporalServer } from './server.js';

/** The task queue of all scenarios; each test file has a server of its own. */
export const QUEUE = 'slipway';

export interface Running {
  /** Ends it, with its tasks in progress. Repeatable. */
  end(): Promise<void>;
}

type Code = Required<Pick<WorkerOptions, 'workflowBundle'>>['workflowBundle'];

export interface WorkerChoices {
  /** Workflow code; absent: activities only. */
  code?: Code | undefined;
  /** What differs from yes-saying fakes; null: no activities at all. */
  activities?: Partial<AllActivities> | null;
  options?: Partial<WorkerOptions>;
}

export async function startWorker(
  { client, connect }: TemporalServer,
  { code, activities = {}, options = {} }: WorkerChoices,
): Promise<Running> {
  const connection = await connect();
  const worker = await Worker.create({
    connection,
    taskQueue: QUEUE,
    ...(code === undefined ? {} : { workflowBundle: code }),
    ...(activities === null
      ? {}
      : { activities: { ...fakeActivities(), ...stageQueues(client, QUEUE), ...activities } }),
    reuseV8Context: true,
    stickyQueueScheduleToStartTimeout: '1s',
    maxHeartbeatThrottleInterval: '1s',
    maxEagerActivityReservationsPerWorkflowTask: 100,
    shutdownForceTime: '10s',
    ...options,
  });
  const run = async (): Promise<void> => {
    try {
      await worker.run();
    } finally {
      await connection.close();
    }
  };
  const ran = run();
  ran.catch(() => {}); // Seen in end().
  return {
    end: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ran;
    },
  };
}
