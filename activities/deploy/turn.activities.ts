/** Talking to the stage's queue from a run: only a client can start the queue when it is absent. */
import type { Place } from '../../workflows/stage/stage.messages.js';

export interface TurnActivities {
  /**
   * Tells each stage's queue where the run stands; starts the queue where it is not running
   * (signal-with-start). Repeatable: the last word counts. A local activity.
   */
  takePlace: (input: { repository: string; stages: string[]; place: Place }) => Promise<void>;

  /** Which of these runs are still open in Temporal. For queues that clean up after lost runs. */
  openRuns: (input: { runIds: string[] }) => Promise<string[]>;
}
