/** Where the run stands in the queues of the stages that it deploys to. */
import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { TurnActivities } from '../../activities/deploy/turn.activities.js';
import type { RunRef } from '../domain/run.js';
import { leave, type Place, stageQueueId } from '../stage/stage.messages.js';
import { UNTIL_DONE } from '../steps/local.js';
import { isReported } from './failure.js';

const { takePlace } = proxyLocalActivities<TurnActivities>(UNTIL_DONE);

export type Standing = Place['state'];

export class Places {
  private readonly standings: Map<string, Standing>;
  private sending: Promise<void> = Promise.resolve();
  private unsent = 0;

  /** @param standings From before a continue-as-new. */
  constructor(
    private readonly run: RunRef,
    standings: Record<string, Standing>,
  ) {
    this.standings = new Map(Object.entries(standings));
  }

  /** True when the queues know everything that was said. */
  get isIdle(): boolean {
    return this.unsent === 0;
  }

  /** For continue-as-new. */
  carried(): Record<string, Standing> {
    return Object.fromEntries(this.standings);
  }

  holds(stage: string): boolean {
    return this.standings.get(stage) === 'holding';
  }

  /** The run will deploy to these stages: newer runs wait. */
  approach(stages: readonly string[]): void {
    if (stages.length > 0) this.say(stages, 'approaching');
  }

  /**
   * Asks for the stage's turn and waits for it. A wait that is cancelled says nothing to the queue:
   * the stage is left soon, or asked for again, and a turn that comes meanwhile is given again.
   *
   * @returns false when the turn did not come within `withinSeconds`; the question stands.
   */
  async turn(stage: string, withinSeconds: number): Promise<boolean> {
    if (this.holds(stage)) return true;
    this.say([stage], 'asking');
    try {
      return await condition(() => this.holds(stage), withinSeconds * 1_000);
    } catch (cause) {
      if (this.standings.get(stage) === 'asking') this.standings.set(stage, 'approaching');
      throw cause;
    }
  }

  /** The queue gave us the turn. Late words about a turn that we no longer want change nothing. */
  granted(stage: string): void {
    if (this.standings.get(stage) === 'asking') this.standings.set(stage, 'holding');
  }

  /** Only people are waited for: others may pass. */
  pause(): void {
    const stages = this.standing('approaching', 'holding');
    if (stages.length > 0) this.say(stages, 'paused');
  }

  /** Work goes on: stages that are still to be deployed to are approached again. */
  resume(isAhead: (stage: string) => boolean): void {
    this.approach(this.standing('paused').filter(isAhead));
  }

  /** Gives up places. A queue that is gone has forgotten us already. */
  async leave(shouldLeave: (stage: string) => boolean): Promise<void> {
    const stages = [...this.standings.keys()].filter(shouldLeave);
    if (stages.length === 0) return;
    for (const stage of stages) this.standings.delete(stage);
    this.unsent++;
    await this.sending; // What was said before must not arrive after.
    await CancellationScope.nonCancellable(() => Promise.all(stages.map((s) => this.sayLeave(s))));
    this.unsent--;
  }

  private async sayLeave(stage: string): Promise<void> {
    const queue = getExternalWorkflowHandle(stageQueueId(this.run.repository, stage));
    await queue.signal(leave, { runId: this.run.id }).catch((cause: unknown) => {
      if (!isReported(cause)) throw cause;
    });
  }

  private standing(...states: Standing[]): string[] {
    return [...this.standings].filter(([, state]) => states.includes(state)).map(([s]) => s);
  }

  private say(stages: readonly string[], state: Standing): void {
    for (const stage of stages) this.standings.set(stage, state);
    const place: Place = { runId: this.run.id, order: this.run.order, state };
    const input = { repository: this.run.repository, stages: [...stages], place };
    this.unsent++;
    this.sending = this.sending
      .then(() => CancellationScope.nonCancellable(() => takePlace(input)))
      .then(() => void this.unsent--);
  }
}
