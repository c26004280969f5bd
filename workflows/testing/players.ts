/** What people, and other runs, do while a recorded story plays. They wait until they can act. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { approvalId, decide } from '../approval/approval.messages.js';
import type { Answer } from '../domain/gate.js';
import type { RunRef } from '../domain/run.js';
import type { run as runWorkflow } from '../index.js';
import { cancel, state } from '../run/run.messages.js';
import { leave, move, stageQueueId } from '../stage/stage.messages.js';

/** How long a player waits for the moment to act, and how often it looks, milliseconds. */
const WAIT_MS = 20_000;
const POLL_MS = 20;
const QUEUE = 'record';

export class Players {
  constructor(
    private readonly client: Client,
    private readonly run: RunRef,
    private readonly handle: WorkflowHandle<typeof runWorkflow>,
  ) {}

  async decide(step: string, { by, ...answer }: Answer & { by: string }): Promise<void> {
    await this.until(step, 'waiting');
    const gate = this.client.workflow.getHandle(approvalId(this.run.id, step));
    await gate.executeUpdate(decide, { args: [{ ...answer, by, teams: ['release-team'] }] });
  }

  async cancelAt(step: string, status = 'waiting'): Promise<void> {
    await this.until(step, status);
    await this.handle.executeUpdate(cancel, { args: [{ by: 'ada', reason: 'wrong branch' }] });
  }

  async cancelInTemporalAt(step: string): Promise<void> {
    await this.until(step, 'waiting');
    await this.handle.cancel();
  }

  /** An older run holds staging until ours is seen to wait for it. */
  async standInTheWay(): Promise<void> {
    const { repository } = this.run;
    const queue = this.client.workflow.getHandle(stageQueueId(repository, 'staging'));
    await this.until('staging', 'waiting');
    await queue.signal(leave, { runId: 'older-1' });
  }

  /** Before the run starts: an older run holds staging. */
  static async occupy(client: Client, repository: string): Promise<void> {
    await client.workflow.signalWithStart('stage', {
      workflowId: stageQueueId(repository, 'staging'),
      taskQueue: QUEUE,
      args: [{ repository, stage: 'staging' }],
      signal: move,
      signalArgs: [{ runId: 'older-1', order: 1, state: 'holding' }],
    });
  }

  private async until(step: string, status: string): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const { steps } = await this.handle.query(state);
      if (steps[step]?.status === status) return;
      if (Date.now() > deadline) throw new Error(`step "${step}" was never ${status}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
