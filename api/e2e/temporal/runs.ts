/** Starting runs on a server without the rest of a stack, and looking at them from outside. */
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { approvalId, decide } from '../../../workflows/approval/approval.messages.js';
import { RunId } from '../../../workflows/domain/names.js';
import type { run as runWorkflow } from '../../../workflows/index.js';
import type { PlannedStep } from '../../../workflows/pipeline/plan.js';
import { type Input, state } from '../../../workflows/run/run.messages.js';
import { eventually } from '../harness/eventually.js';
import type { TemporalServer } from './server.js';
import { QUEUE } from './workers.js';

export type RunHandle = WorkflowHandleWithFirstExecutionRunId<typeof runWorkflow>;

/** A repository of its own for each run: they do not wait for each other. */
export function inputOf(repository: string, steps: PlannedStep[]): Input {
  return {
    run: {
      id: RunId.parse(`${repository}-1`),
      repository,
      commit: 'c'.repeat(40),
      branch: 'main',
      pipeline: 'delivery',
      order: 1,
    },
    trigger: { kind: 'push', by: 'carol', inputs: {} },
    plan: { pipeline: 'delivery', steps },
  };
}

export function startRun({ client }: TemporalServer, input: Input): Promise<RunHandle> {
  return client.workflow.start<typeof runWorkflow>('run', {
    workflowId: input.run.id,
    taskQueue: QUEUE,
    args: [input],
  });
}

export async function stepIs(run: RunHandle, step: string, status: string): Promise<void> {
  await eventually(`step "${step}" of "${run.workflowId}" is ${status}`, async () => {
    const { steps } = await run.query(state);
    return steps[step]?.status === status;
  });
}

export async function approve({ client }: TemporalServer, run: RunHandle, step: string) {
  const gate = client.workflow.getHandle(approvalId(run.workflowId, step));
  return gate.executeUpdate(decide, { args: [{ answer: 'approve', by: 'ada', teams: [] }] });
}

export interface Chapter {
  runId: string;
  events: number;
  /** What the workers that took its tasks call themselves, each once. */
  workers: string[];
  /** Workflow tasks that a worker could not do, by what it said. */
  failedTasks: string[];
  /** What came since the last task that a worker did: signals, and ends of activities. */
  news: number;
  /** Markers of patches: their names. */
  patches: string[];
}

/** Every history of a run, oldest first: each continue-as-new begins another one. */
export async function chaptersOf(server: TemporalServer, run: RunHandle): Promise<Chapter[]> {
  const chapters: Chapter[] = [];
  let runId: string | null | undefined = run.firstExecutionRunId;
  while (runId) {
    const events = await eventsOf(server, run.workflowId, runId);
    const tasks = events.map((event) => event.workflowTaskStartedEventAttributes?.identity);
    chapters.push({
      runId,
      events: events.length,
      workers: [...new Set(tasks.filter((identity) => typeof identity === 'string'))],
      failedTasks: events.flatMap(troubleOf),
      news: newsIn(events),
      patches: events.flatMap(patchOf),
    });
    runId = events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return chapters;
}

async function eventsOf({ client }: TemporalServer, workflowId: string, runId: string) {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  return events ?? [];
}

type HistoryEvent = Awaited<ReturnType<typeof eventsOf>>[number];

function newsIn(events: HistoryEvent[]): number {
  const done = events.findLastIndex((event) => event.workflowTaskCompletedEventAttributes);
  return events
    .slice(done + 1)
    .filter(
      (event) =>
        event.activityTaskCompletedEventAttributes ||
        event.workflowExecutionSignaledEventAttributes,
    ).length;
}

/** A task that came to its end when something else was said just then is no trouble: it is done again. */
function troubleOf({ workflowTaskFailedEventAttributes: failed }: HistoryEvent): string[] {
  if (!failed || failed.cause === UNHANDLED_COMMAND) return [];
  return [`${failed.cause}: ${failed.failure?.message}`];
}

function patchOf(event: HistoryEvent): string[] {
  const marker = event.markerRecordedEventAttributes;
  const data = marker?.details?.['patch-data']?.payloads?.[0]?.data;
  if (marker?.markerName !== 'core_patch' || !data) return [];
  return [(JSON.parse(Buffer.from(data).toString()) as { id: string }).id];
}

/** The steps' activities in the order in which they were scheduled, and how many were open at most. */
export async function scheduledIn(server: TemporalServer, run: RunHandle) {
  const names: string[] = [];
  let mostAtOnce = 0;
  for (const { runId } of await chaptersOf(server, run)) {
    let open = 0;
    for (const event of await eventsOf(server, run.workflowId, runId)) {
      const input = event.activityTaskScheduledEventAttributes?.input?.payloads?.[0]?.data;
      if (input) {
        names.push((JSON.parse(Buffer.from(input).toString()) as RunStepInput).step.name);
        mostAtOnce = Math.max(mostAtOnce, ++open);
      }
      if (event.activityTaskCompletedEventAttributes) open--;
    }
  }
  return { names, mostAtOnce };
}

/** WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND. */
const UNHANDLED_COMMAND = 1;

interface RunStepInput {
  step: { name: string };
}
