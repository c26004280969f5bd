/** Asks people a question and waits for their answers, for days if need be, holding no worker. */
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  proxyLocalActivities,
  setHandler,
} from '@temporalio/workflow';
import type { RecordActivities } from '../../activities/store/record.activities.js';
import type { Decision, GateOutcome } from '../domain/gate.js';
import { isReported } from '../run/failure.js';
import { gateAnswered } from '../run/run.messages.js';
import { UNTIL_DONE } from '../steps/local.js';
import * as messages from './approval.messages.js';
import { reasonOf, refusalOf, verdictOf } from './judgement.js';

const { recordGate, recordDecision, closeGate } =
  proxyLocalActivities<RecordActivities>(UNTIL_DONE);

export async function approval(input: messages.Input): Promise<messages.Outcome> {
  const { run, step, timeoutSeconds } = input;
  const decisions: Decision[] = [];
  let state: messages.State['state'] = 'open';
  const now = (): messages.State => ({
    state,
    approvals: decisions.filter(({ answer }) => answer === 'approve').length,
    required: input.required,
  });

  const closing = untilClosed(() => state !== 'open', timeoutSeconds);
  const opened = lasting(() => recordGate(question(input)));

  setHandler(messages.state, now);
  setHandler(
    messages.decide,
    async (decision) => {
      decisions.push(decision);
      state = verdictOf(input, decisions);
      const after = now();
      await opened;
      await lasting(() => recordDecision({ runId: run.id, step, decision }));
      return after;
    },
    {
      validator: (decision: Decision) => {
        const refused = refusalOf(input, state, decisions, decision);
        if (refused) throw ApplicationFailure.nonRetryable(refused.message, refused.type);
      },
    },
  );
  const ending = await closing;
  if (state === 'open') state = ending; // From here on a late answer is refused.
  const outcome = state as GateOutcome;
  const reason = reasonOf(input, outcome, decisions);
  await lasting(async () => {
    await condition(allHandlersFinished);
    await opened;
    await closeGate({ runId: run.id, step, outcome, reason });
    await tell(run.id, { step, outcome, reason });
  });
  return { outcome, reason, decisions };
}

/** @returns how a gate ends that nobody closed. */
async function untilClosed(isClosed: () => boolean, seconds: number): Promise<GateOutcome> {
  try {
    await condition(isClosed, seconds * 1_000);
    return 'expired';
  } catch (cause) {
    if (isCancellation(cause)) return 'cancelled';
    throw cause;
  }
}

/** The record and the run hear of a gate's end even when that end is a cancellation. */
function lasting<T>(work: () => Promise<T>): Promise<T> {
  return CancellationScope.nonCancellable(work);
}

function question(input: messages.Input): Parameters<RecordActivities['recordGate']>[0] {
  const { run, step, stage, from, required, selfApproval, evidence } = input;
  const expiresAt = new Date(Date.now() + input.timeoutSeconds * 1_000).toISOString();
  return { runId: run.id, step, stage, from, required, selfApproval, evidence, expiresAt };
}

/** A run that is over needs no answer. */
async function tell(
  runId: string,
  answer: { step: string; outcome: GateOutcome; reason: string | null },
): Promise<void> {
  const listener = getExternalWorkflowHandle(runId);
  await listener.signal(gateAnswered, answer).catch((cause: unknown) => {
    if (!isReported(cause)) throw cause;
  });
}
