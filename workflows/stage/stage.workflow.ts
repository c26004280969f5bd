/** A stage's queue: hears where runs stand, and gives one of them at a time its turn. */
import {
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  patched,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { TurnActivities } from '../../activities/deploy/turn.activities.js';
import type { RecordActivities } from '../../activities/store/record.activities.js';
import { isReported } from '../run/failure.js';
import { pressureOf } from '../run/pressure.js';
import { stageGranted, stageQueued } from '../run/run.messages.js';
import { UNTIL_DONE } from '../steps/local.js';
import * as messages from './stage.messages.js';
import { inOrder, moved, nextTurn, type Waiting, waitingIn } from './turns.js';
import { NEAR, Words } from './words.js';

/** While somebody asks in vain, lost runs are looked for this often. */
const LOOK_SECONDS = 60;

const { recordQueue } = proxyLocalActivities<RecordActivities>(UNTIL_DONE);
const { openRuns } = proxyLocalActivities<TurnActivities>(UNTIL_DONE);

export async function stage(input: messages.Input): Promise<void> {
  const places = new Map((input.carried ?? []).map((place) => [place.runId, place]));
  /** Runs that must hear of their turn, again or for the first time. */
  const unheard = new Set<string>();
  const words = new Words();
  /** Asked when a history begins, as every patch must be: see ADR 0032. */
  const spares = patched('words-for-the-near');
  let hasChanged = true;

  // They were told by the history before this one. Signals come as soon as there are handlers.
  const handedOver = waitingIn(places.values());
  if (isLong(handedOver)) words.heard(handedOver);

  setHandler(messages.queue, () => inOrder(places.values()));
  setHandler(messages.move, (said) => {
    const place = moved(places.get(said.runId), said);
    if (place !== said) unheard.add(said.runId);
    places.set(said.runId, place);
    hasChanged = true;
  });
  setHandler(messages.leave, ({ runId }) => {
    places.delete(runId);
    hasChanged = true;
  });

  for (;;) {
    if (hasChanged) await settle();
    else if (places.size === 0)
      return; // A signal that comes now makes Temporal refuse this end.
    else if (pressureOf(workflowInfo()) !== 'none') await moveOn();
    else await listen();
  }

  /** Gives the turn, tells who waits, and records the queue as it is then. */
  async function settle(): Promise<void> {
    hasChanged = false;
    const next = nextTurn(places.values());
    if (next !== undefined) {
      places.set(next.runId, { ...next, state: 'holding' });
      unheard.add(next.runId);
    }
    const heard = [...unheard].filter((runId) => places.has(runId));
    unheard.clear();
    const shown = inOrder(places.values()).map(({ runId, state }) => ({ runId, state }));
    await Promise.all([
      ...heard.map((runId) =>
        tell(runId, (run) => run.signal(stageGranted, { stage: input.stage })),
      ),
      ...news().map(({ runId, position, behind }) =>
        tell(runId, (run) => run.signal(stageQueued, { stage: input.stage, position, behind })),
      ),
      recordQueue({ repository: input.repository, stage: input.stage, places: shown }),
    ]);
  }

  /** Those who wait, as far as they should hear of it. */
  function news(): Waiting[] {
    const waiting = waitingIn(places.values());
    return isLong(waiting) ? words.toTheNear(waiting) : words.toAll(waiting);
  }

  async function listen(): Promise<void> {
    if (waitingIn(places.values()).length === 0) return condition(() => hasChanged);
    if (await condition(() => hasChanged, LOOK_SECONDS * 1_000)) return;
    const runIds = [...places.keys()];
    const open = new Set(await openRuns({ runIds }));
    for (const runId of runIds) {
      if (!open.has(runId) && places.delete(runId)) hasChanged = true;
    }
  }

  /** A history that began before this patch tells everybody everything. */
  function isLong(waiting: readonly Waiting[]): boolean {
    return spares && waiting.length > NEAR;
  }

  function moveOn(): Promise<never> {
    return continueAsNew<typeof stage>({ ...input, carried: [...places.values()] });
  }
}

/** A run that is gone is found by the next look. */
async function tell(
  runId: string,
  say: (run: ReturnType<typeof getExternalWorkflowHandle>) => Promise<void>,
): Promise<void> {
  await say(getExternalWorkflowHandle(runId)).catch((cause: unknown) => {
    if (!isReported(cause)) throw cause;
  });
}
