/** Writes a workflow history as a story and replays the real code against it. Needs no server. */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';

const QUEUE = { name: 'replay', kind: 'TASK_QUEUE_KIND_NORMAL' };
const logger = new DefaultLogger('ERROR');
let bundle: Promise<WorkflowBundle> | undefined; // Bundling takes seconds: once per test file.

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const payloads = (value: unknown) => ({
  payloads: [{ metadata: { encoding: base64('json/plain') }, data: base64(JSON.stringify(value)) }],
});

export class History {
  private readonly events: unknown[] = [];
  private task = { scheduled: '', started: '', completed: '' };
  private activities = 0;
  private timers = 0;

  constructor(workflow: string, input: unknown) {
    this.add('WORKFLOW_EXECUTION_STARTED', {
      workflowType: { name: workflow },
      taskQueue: QUEUE,
      input: payloads(input),
      originalExecutionRunId: 'run',
      firstExecutionRunId: 'run',
      workflowTaskTimeout: '10s',
      attempt: 1,
    });
    this.turn();
  }

  /** The workflow calls an activity, and it returns. */
  activity(name: string, result: unknown): this {
    const [scheduledEventId, startedEventId] = this.schedule(name);
    this.add('ACTIVITY_TASK_COMPLETED', {
      scheduledEventId,
      startedEventId,
      result: payloads(result),
    });
    return this.turn();
  }

  /** The workflow calls an activity, and it fails for good. */
  activityFails(name: string, type: string): this {
    const [scheduledEventId, startedEventId] = this.schedule(name);
    const failure = { message: type, applicationFailureInfo: { type, nonRetryable: true } };
    this.add('ACTIVITY_TASK_FAILED', { scheduledEventId, startedEventId, failure });
    return this.turn();
  }

  /** The workflow starts waiting for at most `duration` (protobuf JSON, "3600s"). */
  waits(duration: string): this {
    const timerId = String(++this.timers);
    this.add('TIMER_STARTED', {
      timerId,
      startToFireTimeout: duration,
      workflowTaskCompletedEventId: this.task.completed,
    });
    return this;
  }

  /** Nothing happened until the timer fired. */
  timesOut(): this {
    this.add('TIMER_FIRED', {
      timerId: String(this.timers),
      startedEventId: String(this.events.length),
    });
    return this.turn();
  }

  /** Somebody sends an update, and the workflow accepts and answers it. */
  update(name: string, arg: unknown, answer: unknown): this {
    this.turn();
    const meta = { updateId: 'update', identity: 'test' };
    const acceptedEventId = this.add('WORKFLOW_EXECUTION_UPDATE_ACCEPTED', {
      protocolInstanceId: meta.updateId,
      acceptedRequestMessageId: `${meta.updateId}/request`,
      acceptedRequestSequencingEventId: this.task.scheduled,
      acceptedRequest: { meta, input: { name, args: payloads(arg) } },
    });
    this.add('WORKFLOW_EXECUTION_UPDATE_COMPLETED', {
      meta,
      acceptedEventId,
      outcome: { success: payloads(answer) },
    });
    return this;
  }

  completes(): Promise<void> {
    this.add('WORKFLOW_EXECUTION_COMPLETED', {
      result: payloads(null),
      workflowTaskCompletedEventId: this.task.completed,
    });
    return this.replay();
  }

  fails(): Promise<void> {
    this.add('WORKFLOW_EXECUTION_FAILED', {
      failure: { message: 'x' },
      workflowTaskCompletedEventId: this.task.completed,
    });
    return this.replay();
  }

  private async replay(): Promise<void> {
    bundle ??= bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../index.ts', import.meta.url)),
      logger,
    });
    await Worker.runReplayHistory({ workflowBundle: await bundle }, { events: this.events });
  }

  private schedule(name: string): [scheduledEventId: string, startedEventId: string] {
    const scheduled = this.add('ACTIVITY_TASK_SCHEDULED', {
      activityId: String(++this.activities),
      activityType: { name },
      taskQueue: QUEUE,
      workflowTaskCompletedEventId: this.task.completed,
    });
    return [
      scheduled,
      this.add('ACTIVITY_TASK_STARTED', { scheduledEventId: scheduled, attempt: 1 }),
    ];
  }

  /** One workflow task: the worker wakes up, runs code, and hands back commands. */
  private turn(): this {
    const scheduled = this.add('WORKFLOW_TASK_SCHEDULED', { taskQueue: QUEUE, attempt: 1 });
    const started = this.add('WORKFLOW_TASK_STARTED', { scheduledEventId: scheduled });
    const completed = this.add('WORKFLOW_TASK_COMPLETED', {
      scheduledEventId: scheduled,
      startedEventId: started,
    });
    this.task = { scheduled, started, completed };
    return this;
  }

  private add(name: string, attributes: object): string {
    const eventId = String(this.events.length + 1);
    const camel = name
      .toLowerCase()
      .replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase());
    this.events.push({
      eventId,
      eventTime: '2026-01-01T00:00:00Z',
      eventType: `EVENT_TYPE_${name}`,
      [`${camel}EventAttributes`]: attributes,
    });
    return eventId;
  }
}
