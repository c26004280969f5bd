/** Deletes what is older than its class allows, a few things at a time, until nothing is. */
import { continueAsNew, proxyActivities } from '@temporalio/workflow';
import type { ExpireActivities } from '../../activities/upkeep/expire.activities.js';
import type { Ages, Input, Outcome } from './retention.messages.js';

const DAY_MS = 86_400_000;
/** Conversations, and as many tickets, that one call deletes at most. */
const BATCH = 200;
/** Calls of one history, and histories of one run: at most two million of each a day. */
const MAX_BATCHES = 200;
const MAX_HISTORIES = 50;

const { expire } = proxyActivities<ExpireActivities>({
  startToCloseTimeout: '2 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '5 minutes', maximumAttempts: 20 },
});

export async function retention({ days, carried }: Input): Promise<Outcome> {
  const at = carried?.at ?? new Date().toISOString();
  const deleted: Record<string, number> = { ...carried?.deleted };
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const some = await expire({ before: agesAgo(at, days), limit: BATCH });
    for (const [kind, count] of Object.entries(some)) {
      deleted[kind] = (deleted[kind] ?? 0) + count;
    }
    const isOver = Object.values(some).every((count) => count === 0);
    if (isOver) return { deleted, isComplete: true };
  }
  const histories = (carried?.histories ?? 0) + 1;
  if (histories >= MAX_HISTORIES) return { deleted, isComplete: false };
  return continueAsNew<typeof retention>({ days, carried: { at, deleted, histories } });
}

/** ISO 8601. */
function agesAgo(at: string, days: Ages): Record<keyof Ages, string> {
  const ago = (age: number) => new Date(Date.parse(at) - age * DAY_MS).toISOString();
  return { default: ago(days.default), year: ago(days.year), legal: ago(days.legal) };
}
