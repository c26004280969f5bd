/** An `approve` step: a gate of its own asks people; this waits for how it ended. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  type ChildWorkflowHandle,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  proxyLocalActivities,
  startChild,
} from '@temporalio/workflow';
import type { RecordActivities } from '../../activities/store/record.activities.js';
import { approvalId, type Input as Question } from '../approval/approval.messages.js';
import type { approval } from '../approval/approval.workflow.js';
import { APPROVAL_TIMEOUT_SECONDS } from '../domain/limits.js';
import type { StepOf } from '../pipeline/plan.js';
import { isReported } from '../run/failure.js';
import type { StepState } from '../run/run.messages.js';
import { gatherEvidence } from './evidence.js';
import { FIVE_TIMES } from './local.js';
import type { GateAnswer, StepRun } from './step-run.js';

/** How long after its own end a gate may stay silent before it counts as lost, seconds. */
const NET_SECONDS = 3_600;

/** A dead worker's unfinished workflow task is given to another one after this long. */
const WORKFLOW_TASK_TIMEOUT = '5 seconds';

const { listApprovers } = proxyLocalActivities<RecordActivities>(FIVE_TIMES);

export async function approve(of: StepRun, step: StepOf<'approve'>): Promise<StepState> {
  if (of.stateOf(step.name).status !== 'waiting') await open(of, step);
  try {
    return ended(await of.answerTo(step.name, timeoutOf(step) + NET_SECONDS));
  } catch (cause) {
    if (isCancellation(cause)) await close(of, step);
    throw cause;
  }
}

async function open(of: StepRun, step: StepOf<'approve'>): Promise<void> {
  const question = await ask(of, step);
  await CancellationScope.nonCancellable(async () => {
    const gate = await start(question);
    if (gate !== undefined) watchOver(of, step, gate);
  });
  of.show(step.name, { status: 'waiting', reason: waitsFor(step) });
}

async function ask(of: StepRun, step: StepOf<'approve'>): Promise<Question> {
  const { run, trigger } = of.input;
  const { from = [], required = 1, stage = null } = step.spec;
  const [evidence, approvers] = await Promise.all([
    gatherEvidence(of, step),
    listApprovers({ from }),
  ]);
  const others = approvers.filter((login) => login !== trigger.by);
  return {
    run,
    step: step.name,
    stage,
    from,
    required,
    timeoutSeconds: timeoutOf(step),
    triggeredBy: trigger.by,
    selfApproval: others.length === 0,
    evidence,
  };
}

/** Undefined when the gate is open already: this run was reset to an earlier point. */
async function start(
  question: Question,
): Promise<ChildWorkflowHandle<typeof approval> | undefined> {
  try {
    return await startChild<typeof approval>('approval', {
      workflowId: approvalId(question.run.id, question.step),
      args: [question],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
      staticSummary: `${question.step} of ${question.run.id}`,
    });
  } catch (cause) {
    if (cause instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw cause;
  }
}

/** The answer comes as a signal; this hears of a gate that a person terminated, too. */
function watchOver(
  of: StepRun,
  step: StepOf<'approve'>,
  gate: ChildWorkflowHandle<typeof approval>,
): void {
  void gate.result().then(
    (outcome) => of.answered(step.name, outcome),
    (cause: unknown) => {
      if (!isReported(cause)) throw cause;
      of.answered(step.name, {
        outcome: 'cancelled',
        reason: 'the gate itself was ended from outside',
      });
    },
  );
}

/** Nobody can answer any more. A gate that ended meanwhile is closed already. */
function close(of: StepRun, step: StepOf<'approve'>): Promise<void> {
  return CancellationScope.nonCancellable(async () => {
    const gate = getExternalWorkflowHandle(approvalId(of.input.run.id, step.name));
    await gate.cancel().catch((cause: unknown) => {
      if (!isReported(cause)) throw cause;
    });
  });
}

function ended(answer: GateAnswer | undefined): StepState {
  if (answer === undefined) {
    return {
      status: 'errored',
      reason: 'the gate vanished without an answer; start the run again',
    };
  }
  const reason = answer.reason === null ? {} : { reason: answer.reason };
  switch (answer.outcome) {
    case 'approved':
      return { status: 'succeeded', result: { verdict: 'succeeded', summary: 'approved' } };
    case 'rejected':
    case 'expired':
      return { status: 'failed', ...reason };
    case 'cancelled':
      return { status: 'cancelled', ...reason };
  }
}

function timeoutOf(step: StepOf<'approve'>): number {
  return step.timeoutSeconds ?? APPROVAL_TIMEOUT_SECONDS;
}

function waitsFor({ spec }: StepOf<'approve'>): string {
  const required = spec.required ?? 1;
  const approvals = required === 1 ? '1 approval' : `${required} approvals`;
  const from = spec.from?.length ? ` by ${spec.from.join(', ')}` : '';
  return `waits for ${approvals}${from}`;
}
