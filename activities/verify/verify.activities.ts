/** Checking what a stage serves, from outside: HTTP, WebSocket, commands. */
import type { StepContext, StepResult } from '../../workflows/domain/step.js';
import type { StepOf } from '../../workflows/pipeline/plan.js';

export interface VerifyActivities {
  /**
   * Runs http, then webSocket checks, in order, each up to `tries` times a second apart, within the
   * step's timeout. (Commands of a check step are run by `runCommands` with $STAGE_URL set.)
   * Safe to retry where the checks themselves are.
   *
   * @returns `failed` with the first check that said no, what was expected and what came.
   * @throws {ApplicationFailure} `StepErrored`, retried: the stage has no address.
   */
  checkStage: (input: { context: StepContext; step: StepOf<'check'> }) => Promise<StepResult>;
}
