/** Temporal starts retention once a day: the worker says so at each start. */
import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import { type Ages, type Input, RETENTION } from '../../workflows/upkeep/retention.messages.js';

/** UTC; spread, so that many stacks on one cluster do not begin together. */
const AT = { hour: 3, minute: 17 };
const JITTER = '30 minutes';
/** A day that was missed because Temporal was away is made up for within this. */
const CATCH_UP = '1 day';

type Schedules = Pick<Client, 'schedule'>;

/**
 * Makes the schedule, or brings it up to date. Repeatable, also by many workers at once; one that
 * somebody paused stays paused.
 */
export async function scheduleRetention(
  { schedule }: Schedules,
  { taskQueue, days }: { taskQueue: string; days: Ages },
): Promise<'created' | 'updated'> {
  const input: Input = { days };
  const wanted = {
    spec: { calendars: [AT], jitter: JITTER },
    action: {
      type: 'startWorkflow' as const,
      workflowType: 'retention',
      workflowId: RETENTION,
      taskQueue,
      args: [input],
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP },
  };
  try {
    await schedule.create({ scheduleId: RETENTION, ...wanted });
    return 'created';
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  await schedule.getHandle(RETENTION).update(({ state }) => ({ ...wanted, state }));
  return 'updated';
}
