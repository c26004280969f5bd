/** `Workflows` without Temporal: remembers what it was asked, and misbehaves on request. */
import type { State } from '../../../workflows/approval/approval.messages.js';
import type { Decision } from '../../../workflows/domain/gate.js';
import type { Status } from '../../../workflows/domain/run.js';
import type { Input } from '../../../workflows/run/run.messages.js';
import type { Workflows } from '../workflows.ports.js';

export class FakeWorkflows implements Workflows {
  readonly started = new Map<string, Input>();
  readonly cancels: { runId: string; by: string; reason: string }[] = [];
  readonly decisions: { runId: string; step: string; decision: Decision }[] = [];
  /** Thrown by every call until it is taken back. */
  trouble: Error | undefined;
  /** What a gate answers. */
  gate: State = { state: 'approved', approvals: 1, required: 1 };

  async startRun(input: Input): Promise<'started' | 'already'> {
    this.misbehave();
    if (this.started.has(input.run.id)) return 'already';
    this.started.set(input.run.id, input);
    return 'started';
  }

  async cancelRun(
    runId: string,
    cancel: { by: string; reason: string },
  ): Promise<{ status: Status }> {
    this.misbehave();
    this.cancels.push({ runId, ...cancel });
    return { status: 'running' };
  }

  async decide(runId: string, step: string, decision: Decision): Promise<State> {
    this.misbehave();
    this.decisions.push({ runId, step, decision });
    return this.gate;
  }

  async ping(): Promise<boolean> {
    return this.trouble === undefined;
  }

  private misbehave(): void {
    if (this.trouble) throw this.trouble;
  }
}
