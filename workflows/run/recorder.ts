/**
 * Tells PostgreSQL what step activities do not tell it themselves: one write at a time, each with
 * everything that changed since the last one.
 */
import { proxyLocalActivities } from '@temporalio/workflow';
import type { RecordActivities, StepNote } from '../../activities/store/record.activities.js';
import type { PlannedStep } from '../pipeline/plan.js';
import { UNTIL_DONE } from '../steps/local.js';
import type { Outcome, StepState } from './run.messages.js';

/** Steps in one write. */
const MAX_NOTES = 1_000;

const { recordRun } = proxyLocalActivities<RecordActivities>(UNTIL_DONE);

export class Recorder {
  private readonly notes = new Set<string>();
  private isDirty = false;
  private isWriting = false;

  constructor(
    private readonly runId: string,
    private readonly states: { of: (name: string) => StepState; run: () => Outcome },
  ) {}

  /** True when the record knows everything that was noted. */
  get isIdle(): boolean {
    return !this.isWriting && !this.isDirty;
  }

  /** The step's state is to be written, as it is when the write begins. */
  note(step: string): void {
    this.notes.add(step);
    this.isDirty = true;
  }

  /** The run's own status is to be written. */
  noteRun(): void {
    this.isDirty = true;
  }

  /** Begins to write what was noted, unless a write is in progress: that one goes on with it. */
  write(): void {
    if (this.isWriting || !this.isDirty) return;
    this.isWriting = true;
    void this.writeAll();
  }

  private async writeAll(): Promise<void> {
    while (this.isDirty) {
      const names = [...this.notes].slice(0, MAX_NOTES);
      for (const name of names) this.notes.delete(name);
      this.isDirty = this.notes.size > 0;
      const { status, reason = null } = this.states.run();
      const steps = names.map((name) => noteOf(name, this.states.of(name)));
      await recordRun({ runId: this.runId, status, reason, steps });
    }
    this.isWriting = false;
  }
}

function noteOf(name: string, { status, result, ...state }: StepState): StepNote {
  const reason = state.reason ?? null;
  return result === undefined ? { name, status, reason } : { name, status, reason, result };
}

/** True for steps whose states the run must record. Others are recorded by their own activity. */
export function isRecordedHere(step: PlannedStep): boolean {
  if (step.kind === 'deploy' || step.kind === 'approve') return true;
  if (step.kind !== 'check') return false;
  const { commands = [], http = [], webSocket = [] } = step.spec;
  const activities = (commands.length > 0 ? 1 : 0) + (http.length + webSocket.length > 0 ? 1 : 0);
  return activities !== 1;
}
