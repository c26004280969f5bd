/** What Temporal's histories say about runs and gates: how they ended, how often, with which mistakes. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';

export interface RunHistory {
  runId: string;
  /** Temporal's word: COMPLETED, RUNNING, FAILED … */
  closed: string;
  /** The status that the run returned. */
  status: string | undefined;
  /** Histories that it went through. */
  generations: number;
  /** Workflow tasks that failed for another reason than a lost worker or a race. */
  mistakes: string[];
}

/** How often a gate accepted an answer, by the login that gave it. */
export interface VoteHistory {
  runId: string;
  step: string;
  accepted: Map<string, number>;
}

type Event = NonNullable<
  Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>['events']
>[number];

/** gRPC's code: a history is asked for without the client's own errors. */
const NOT_FOUND = 5;
/** Most histories of one run that are followed back. */
const MAX_GENERATIONS = 200;
/**
 * Causes (temporal.api.enums.v1.WorkflowTaskFailedCause) that belong to normal life: a message arrived
 * while the task was completed (1, 31), the task moved to another worker (13), or was closed (17).
 */
const HARMLESS = new Set([1, 13, 17, 31]);

export async function readHistories(
  client: Client,
  of: { runs: string[]; gates: { runId: string; name: string }[] },
): Promise<{ histories: RunHistory[]; votes: VoteHistory[] }> {
  const histories = [];
  for (const runId of of.runs) histories.push(await runHistory(client, runId));
  const votes = [];
  for (const gate of of.gates) votes.push(await voteHistory(client, gate.runId, gate.name));
  return { histories, votes };
}

async function runHistory(client: Client, runId: string): Promise<RunHistory> {
  const found: RunHistory = {
    runId,
    closed: 'ABSENT',
    status: undefined,
    generations: 0,
    mistakes: [],
  };
  let execution: string | undefined;
  for (; found.generations < MAX_GENERATIONS; found.generations++) {
    const handle = client.workflow.getHandle(runId, execution);
    if (found.generations === 0) {
      const described = await orAbsent(() => handle.describe());
      if (described === undefined) return found;
      found.closed = described.status.name;
    }
    const events = await eventsOf(client, runId, execution);
    found.mistakes.push(...events.flatMap(mistakeOf));
    const last = events.at(-1)?.workflowExecutionCompletedEventAttributes;
    const result = last?.result?.payloads?.[0]?.data;
    if (result) found.status = (JSON.parse(Buffer.from(result).toString()) as Result).status;
    const before = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    if (!before) {
      found.generations++;
      return found;
    }
    execution = before;
  }
  return found;
}

interface Result {
  status: string;
}

async function voteHistory(client: Client, runId: string, step: string): Promise<VoteHistory> {
  const accepted = new Map<string, number>();
  for (const event of await eventsOf(client, `approval:${runId}:${step}`)) {
    const input = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
    const data = input?.name === 'decide' ? input.args?.payloads?.[0]?.data : undefined;
    if (!data) continue;
    const { by } = JSON.parse(Buffer.from(data).toString()) as { by: string };
    accepted.set(by, (accepted.get(by) ?? 0) + 1);
  }
  return { runId, step, accepted };
}

async function eventsOf(client: Client, id: string, execution?: string): Promise<Event[]> {
  const history = await orAbsent(() => client.workflow.getHandle(id, execution).fetchHistory());
  return history?.events ?? [];
}

function mistakeOf(event: Event): string[] {
  const failed = event.workflowTaskFailedEventAttributes;
  if (!failed) return [];
  const cause = failed.cause ?? 0;
  return HARMLESS.has(cause) ? [] : [`cause ${cause}: ${failed.failure?.message ?? ''}`];
}

async function orAbsent<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (error instanceof WorkflowNotFoundError || code === NOT_FOUND) return undefined;
    throw error;
  }
}
