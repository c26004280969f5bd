/** Interprets a plan, step by step. Any "no" after a deploy puts the stage back; every run ends. */
import { CancellationScope, setHandler } from '@temporalio/workflow';
import { Engine } from './engine.js';
import * as messages from './run.messages.js';

export async function run(input: messages.Input): Promise<messages.Outcome> {
  const engine = new Engine(input);

  setHandler(messages.state, () => engine.state());
  setHandler(messages.stageGranted, ({ stage }) => engine.places.granted(stage));
  setHandler(messages.stageQueued, (place) => engine.desk.queued(place));
  setHandler(messages.gateAnswered, ({ step, ...answer }) => engine.desk.answered(step, answer));
  setHandler(messages.cancel, (asked) => engine.cancel(asked), {
    validator: (_asked: { by: string; reason: string }) => engine.refuseWhenOver(),
  });
  CancellationScope.current().cancelRequested.catch(() =>
    engine.cancel({ by: 'an operator', reason: 'cancelled in Temporal' }),
  );

  return CancellationScope.nonCancellable(() => engine.run());
}
