/** Talking to the stage's queue from a run: only a client can start the queue when it is absent. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import {
  type Input,
  move,
  type Place,
  stageQueueId,
} from '../../workflows/stage/stage.messages.js';

export interface TurnActivities {
  /**
   * Tells each stage's queue where the run stands; starts the queue where it is not running
   * (signal-with-start). Repeatable: the last word counts. A local activity.
   */
  takePlace: (input: { repository: string; stages: string[]; place: Place }) => Promise<void>;

  /** Which of these runs are still open in Temporal. For queues that clean up after lost runs. */
  openRuns: (input: { runIds: string[] }) => Promise<string[]>;
}

/** Runs looked up at once. */
const LOOKUPS_AT_ONCE = 20;
/** A dead worker's unfinished workflow task is given to another one after this long. */
const WORKFLOW_TASK_TIMEOUT = '5s';

export function createTurnActivities(
  client: Pick<Client, 'workflow'>,
  { taskQueue }: { taskQueue: string },
): TurnActivities {
  const takeOne = async (repository: string, stage: string, place: Place): Promise<void> => {
    const input: Input = { repository, stage };
    await client.workflow.signalWithStart('stage', {
      workflowId: stageQueueId(repository, stage),
      taskQueue,
      args: [input],
      signal: move,
      signalArgs: [place],
      priority: { fairnessKey: repository },
      workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
      staticSummary: `Who deploys to ${stage} of ${repository}, in order`,
    });
  };

  const isOpen = async (runId: string): Promise<boolean> => {
    try {
      return (await client.workflow.getHandle(runId).describe()).status.name === 'RUNNING';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };

  return {
    takePlace: async ({ repository, stages, place }) => {
      await Promise.all(stages.map((stage) => takeOne(repository, stage, place)));
    },

    openRuns: async ({ runIds }) => {
      const open: string[] = [];
      for (let at = 0; at < runIds.length; at += LOOKUPS_AT_ONCE) {
        const some = runIds.slice(at, at + LOOKUPS_AT_ONCE);
        const answers = await Promise.all(some.map(isOpen));
        open.push(...some.filter((_runId, index) => answers[index]));
      }
      return open;
    },
  };
}
