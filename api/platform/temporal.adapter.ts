/** `Workflows` by Temporal's own client: typed search attributes, time limits, translated errors. */
import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import {
  ApplicationFailure,
  type SearchAttributePair,
  TypedSearchAttributes,
} from '@temporalio/common';
import * as approval from '../../workflows/approval/approval.messages.js';
import { short } from '../../workflows/domain/names.js';
import { stagesOf } from '../../workflows/pipeline/plan.js';
import * as run from '../../workflows/run/run.messages.js';
import { NoWorker, TemporalUnavailable } from './errors.js';
import { WorkflowGone, WorkflowRefused, type Workflows } from './workflows.ports.js';

/** Longest wait for a start, and for a worker's answer to an Update. Seconds. */
const START_LIMIT_SECONDS = 10;
const ANSWER_LIMIT_SECONDS = 20;
const PING_LIMIT_MS = 1_500;
/** gRPC's CANCELLED, DEADLINE_EXCEEDED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE
 * and UNAUTHENTICATED: not our mistake, and worth another try. */
const AWAY = new Set<number>([1, 4, 7, 8, 10, 14, 16]);
/** A dead worker's unfinished workflow task is given to another one after this long. */
const WORKFLOW_TASK_TIMEOUT = '5s';

export function createWorkflows(client: Client, taskQueue: string): Workflows {
  const ping = async (limitMs = PING_LIMIT_MS): Promise<boolean> => {
    const asked = client.withDeadline(Date.now() + limitMs, () =>
      client.workflowService.getSystemInfo({}),
    );
    return asked.then(
      () => true,
      () => false,
    );
  };
  const update = async <T>(question: string, ask: () => Promise<T>): Promise<T> => {
    const late = Date.now() + ANSWER_LIMIT_SECONDS * 1_000;
    try {
      return await translated(question, () => client.withDeadline(late, ask));
    } catch (error) {
      // Silence may be Temporal's as well as the workers'.
      if (!(error instanceof NoWorker) || (await ping())) throw error;
      throw new TemporalUnavailable(error);
    }
  };
  return {
    startRun: (input) =>
      translated('the start of the run', async () => {
        try {
          await client.withDeadline(Date.now() + START_LIMIT_SECONDS * 1_000, () =>
            client.workflow.start('run', {
              workflowId: input.run.id,
              taskQueue,
              args: [input],
              workflowIdReusePolicy: 'REJECT_DUPLICATE',
              workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
              // The run's steps and gates inherit it: one repository's crowd does not hold up another.
              priority: { fairnessKey: input.run.repository },
              typedSearchAttributes: searchAttributes(input),
              ...words(input),
            }),
          );
          return 'started';
        } catch (error) {
          if (error instanceof WorkflowExecutionAlreadyStartedError) return 'already';
          throw error;
        }
      }),

    cancelRun: (runId, cancel) =>
      update(`the cancel of ${runId}`, () =>
        client.workflow.getHandle(runId).executeUpdate(run.cancel, { args: [cancel] }),
      ),

    decide: (runId, step, decision) =>
      update(`the answer to ${runId}/${step}`, () =>
        client.workflow
          .getHandle(approval.approvalId(runId, step))
          .executeUpdate(approval.decide, { args: [decision] }),
      ),

    ping,
  };
}

function searchAttributes({ run: ref, plan }: run.Input): TypedSearchAttributes {
  const pairs: SearchAttributePair[] = [
    { key: run.attributes.repository, value: ref.repository },
    { key: run.attributes.pipeline, value: ref.pipeline },
    { key: run.attributes.commit, value: ref.commit },
    { key: run.attributes.status, value: 'running' },
  ];
  if (ref.branch !== null) pairs.push({ key: run.attributes.branch, value: ref.branch });
  const stage = stagesOf(plan)[0];
  if (stage !== undefined) pairs.push({ key: run.attributes.stage, value: stage });
  return new TypedSearchAttributes(pairs);
}

/** What a person reads in Temporal's UI: one line, and Markdown. */
function words({ run: ref, trigger, plan }: run.Input) {
  const on = ref.branch === null ? '' : ` on ${ref.branch}`;
  const stages = stagesOf(plan);
  return {
    staticSummary: `${ref.pipeline}: ${short(ref.commit)}${on}, ${trigger.kind} by ${trigger.by}`,
    staticDetails: [
      `Run **${ref.id}** of \`${ref.repository}\`, commit \`${ref.commit}\`${on}.`,
      `${plan.steps.length} steps; ${stages.length > 0 ? `deploys to ${stages.join(', ')}` : 'deploys nothing'}.`,
    ].join('\n\n'),
  };
}

async function translated<T>(question: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(question, error);
  }
}

function translate(question: string, error: unknown): unknown {
  if (error instanceof WorkflowNotFoundError) {
    return new WorkflowGone(error.message, { cause: error });
  }
  if (error instanceof WorkflowUpdateFailedError) {
    const type = error.cause instanceof ApplicationFailure ? (error.cause.type ?? '') : '';
    return new WorkflowRefused(error.cause?.message ?? error.message, type, { cause: error });
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return new NoWorker(question, ANSWER_LIMIT_SECONDS, { cause: error });
  }
  const grpc = error instanceof ServiceError ? error.cause : error;
  const isAway = isGrpcServiceError(grpc) && AWAY.has(grpc.code);
  return isAway ? new TemporalUnavailable(grpc) : error;
}
