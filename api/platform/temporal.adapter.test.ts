import { describe, expect, it } from '@jest/globals';
import {
  type Client,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Decision } from '../../workflows/domain/gate.js';
import type { Input } from '../../workflows/run/run.messages.js';
import { NoWorker, TemporalUnavailable } from './errors.js';
import { createWorkflows } from './temporal.adapter.js';
import { COMMIT, plan } from './testing/world.js';
import { WorkflowGone, WorkflowRefused } from './workflows.ports.js';

// What Temporal's client says, in our words. Temporal itself is asked in api/e2e.

/** A client that does as told, and remembers the options of a start. */
class StandIn {
  options: WorkflowStartOptions | undefined;
  trouble: unknown;
  isUp = true;

  readonly workflow = {
    start: async (_type: string, options: WorkflowStartOptions) => {
      this.options = options;
      this.misbehave();
    },
    getHandle: (id: string) => ({
      executeUpdate: async () => {
        this.misbehave();
        return { asked: id };
      },
    }),
  };
  readonly workflowService = {
    getSystemInfo: async () => {
      if (!this.isUp) throw new Error('no connection');
    },
  };
  withDeadline<T>(_deadline: number, work: () => Promise<T>): Promise<T> {
    return work();
  }

  private misbehave(): void {
    if (this.trouble) throw this.trouble;
  }
}

function withTrouble(trouble?: unknown) {
  const client = new StandIn();
  client.trouble = trouble;
  return { client, workflows: createWorkflows(client as unknown as Client, 'slipway') };
}

const input = {
  run: {
    id: 'shop-1',
    repository: 'shop',
    commit: COMMIT,
    branch: 'main',
    pipeline: 'shop',
    order: 1,
  },
  trigger: { kind: 'push', by: 'ada', inputs: {} },
  plan,
} as unknown as Input;
const decision = { answer: 'approve', by: 'ada', teams: [] } as unknown as Decision;
const cancel = { by: 'ada', reason: 'because' };

describe('a start', () => {
  it('is found in Temporal by its attributes, and understood by its summary', async () => {
    const { client, workflows } = withTrouble();
    expect(await workflows.startRun(input)).toBe('started');
    expect(client.options).toMatchObject({
      workflowId: 'shop-1',
      taskQueue: 'slipway',
      args: [input],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: 'shop: 3f78685 on main, push by ada',
    });
    const pairs = JSON.stringify(client.options?.typedSearchAttributes);
    for (const value of ['shop', COMMIT, 'main', 'running']) expect(pairs).toContain(value);
  });

  it('of a run that was started before is no error', async () => {
    const trouble = new WorkflowExecutionAlreadyStartedError('there', 'shop-1', 'run');
    expect(await withTrouble(trouble).workflows.startRun(input)).toBe('already');
  });

  it('without Temporal says so', async () => {
    const grpc = (code: number, details: string) => {
      const cause = Object.assign(new Error(details), { code, details, metadata: {} });
      return withTrouble(new ServiceError('Failed to start Workflow', { cause })).workflows;
    };
    const away = grpc(14, 'connect ECONNREFUSED').startRun(input);
    await expect(away).rejects.toBeInstanceOf(TemporalUnavailable);
    await expect(away).rejects.toThrow('ECONNREFUSED');
    const wrong = grpc(3, 'no such search attribute').startRun(input);
    await expect(wrong).rejects.toBeInstanceOf(ServiceError);
  });
});

describe('a question to a workflow', () => {
  it('goes to the run, or to the gate of the step', async () => {
    const { workflows } = withTrouble();
    expect(await workflows.cancelRun('shop-1', cancel)).toEqual({ asked: 'shop-1' });
    const gate = await workflows.decide('shop-1', 'gate', decision);
    expect(gate).toEqual({ asked: 'approval:shop-1:gate' });
  });

  it('that is refused keeps the words and the type of the refusal', async () => {
    const refusal = ApplicationFailure.nonRetryable('you answered already', 'AlreadyAnswered');
    const { workflows } = withTrouble(new WorkflowUpdateFailedError('failed', refusal));
    const asked = workflows.decide('shop-1', 'gate', decision);
    await expect(asked).rejects.toBeInstanceOf(WorkflowRefused);
    await expect(asked).rejects.toMatchObject({
      message: 'you answered already',
      type: 'AlreadyAnswered',
    });
  });

  it('to a workflow that is not there, or has ended, says so', async () => {
    const { workflows } = withTrouble(new WorkflowNotFoundError('gone', 'shop-1', undefined));
    await expect(workflows.cancelRun('shop-1', cancel)).rejects.toBeInstanceOf(WorkflowGone);
  });

  it('that nobody answers tells whether Temporal or the workers are away', async () => {
    const { client, workflows } = withTrouble(
      new WorkflowUpdateRPCTimeoutOrCancelledError('late', { cause: new Error('late') }),
    );
    await expect(workflows.cancelRun('shop-1', cancel)).rejects.toBeInstanceOf(NoWorker);
    client.isUp = false;
    expect(await workflows.ping()).toBe(false);
    await expect(workflows.cancelRun('shop-1', cancel)).rejects.toBeInstanceOf(TemporalUnavailable);
  });

  it('that finds a bug stays a bug', async () => {
    const { workflows } = withTrouble(new TypeError('x is undefined'));
    await expect(workflows.cancelRun('shop-1', cancel)).rejects.toBeInstanceOf(TypeError);
  });
});
