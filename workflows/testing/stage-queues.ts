/** Activities that speak with real stage queues: only a client can start one that is absent. */
import type { Client } from '@temporalio/client';
import { stageQueueId } from '../stage/stage.messages.js';
import type { AllActivities } from './fake-activities.js';

export function stageQueues(client: Client, taskQueue: string): Pick<AllActivities, 'takePlace'> {
  return {
    takePlace: async ({ repository, stages, place }) => {
      for (const stage of stages) {
        await client.workflow.signalWithStart('stage', {
          workflowId: stageQueueId(repository, stage),
          taskQueue,
          args: [{ repository, stage }],
          signal: 'move',
          signalArgs: [place],
        });
      }
    },
  };
}
