/**
 * Writes a workflow history as a story and replays the real code against it. Needs no server.
 *
 * Words in the third person are commands: what the workflow must do, in the order in which it does
 * it. `wakes()` ends a paragraph: the worker hears what happened, and runs code again.
 * A replay compares commands, not payloads.
 */
import { replay } from './bundle.js';

/** What a workflow asks for when a history of it begins: see ADR 0032. Older ones: the recorded histories. */
const PATCHES: Record<string, string> = { run: 'freight-has-limits', stage: 'words-for-the-near' };

const QUEUE = { name: 'replay', kind: 'TASK_QUEUE_KIND_NORMAL' };
const TIME = { seconds: 1_767_225_600, nanos: 0 };

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const payload = (value: unknown) => ({
  metadata: { encoding: base64('json/plain') },
  data: base64(JSON.stringify(value)),
});
const payloads = (...values: unknown[]) => ({ payloads: values.map(payload) });

export class History {
  private readonly events: unknown[] = [];
  private task = { scheduled: '', started: '', completed: '' };
  private activities = 0;
  private timers = 0;
  private updates = 0;
  /** Event that began something by name: an activity, a signal, a child. The last one counts. */
  private readonly begun = new Map<string, string>();

  /** @param signals What came together with the start. */
  constructor(workflow: string, input: unknown, signals: [name: string, arg: unknown][] = []) {
    this.add('WORKFLOW_EXECUTION_STARTED', {
      workflowType: { name: workflow },
      taskQueue: QUEUE,
      input: payloads(input),
      originalExecutionRunId: 'run',
      firstExecutionRunId: 'run',
      workflowTaskTimeout: '10s',
      attempt: 1,
    });
    for (const [name, arg] of signals) this.hears(name, arg);
    this.wakes();
    const patch = PATCHES[workflow];
    if (patch !== undefined) this.patches(patch);
  }

  /** One workflow task. `isFull`: Temporal suggests to continue in a new history. */
  wakes({ isFull = false } = {}): this {
    const scheduled = this.add('WORKFLOW_TASK_SCHEDULED', { taskQueue: QUEUE, attempt: 1 });
    const started = this.add('WORKFLOW_TASK_STARTED', {
      scheduledEventId: scheduled,
      suggestContinueAsNew: isFull,
    });
    const completed = this.add('WORKFLOW_TASK_COMPLETED', {
      scheduledEventId: scheduled,
      startedEventId: started,
    });
    this.task = { scheduled, started, completed };
    return this;
  }

  /** Calls local activities, which return within the workflow task. Results by name; default null. */
  local(...names: (string | [name: string, result: unknown])[]): this {
    for (const each of names) {
      const [name, result] = typeof each === 'string' ? [each, null] : each;
      this.marker({ data: payloads(this.localData(name)), result: payloads(result) });
    }
    return this;
  }

  /** Calls a local activity, which fails for good. */
  localFails(name: string): this {
    const failure = { message: name, applicationFailureInfo: { type: 'X', nonRetryable: true } };
    this.marker({ data: payloads(this.localData(name)) }, { failure });
    return this;
  }

  /** Calls an activity, which returns. */
  activity(name: string, result: unknown): this {
    return this.schedules(name).returns(name, result).wakes();
  }

  /** Calls an activity, which fails for good. */
  activityFails(name: string, type: string): this {
    return this.schedules(name).throws(name, type).wakes();
  }

  /** Calls an activity when it is cancelled already: nothing happens, but a number is used. */
  callsInVain(): this {
    this.activities++;
    return this;
  }

  /** Calls activities that go on for a while. */
  schedules(...names: string[]): this {
    for (const name of names) {
      const scheduled = this.command('ACTIVITY_TASK_SCHEDULED', {
        activityId: String(++this.activities),
        activityType: { name },
        taskQueue: QUEUE,
      });
      this.begun.set(name, scheduled);
    }
    return this;
  }

  returns(name: string, result: unknown): this {
    return this.activityEnds(name, 'COMPLETED', { result: payloads(result) });
  }

  throws(name: string, type: string): this {
    const failure = { message: type, applicationFailureInfo: { type, nonRetryable: true } };
    return this.activityEnds(name, 'FAILED', { failure });
  }

  /** Its worker died, for the last time that it may. */
  vanishes(name: string): this {
    const timeoutFailureInfo = { timeoutType: 'TIMEOUT_TYPE_HEARTBEAT' };
    const failure = { message: 'activity Heartbeat timeout', timeoutFailureInfo };
    const retryState = 'RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED';
    return this.activityEnds(name, 'TIMED_OUT', { failure, retryState });
  }

  /** Asks a running activity to stop. */
  stops(name: string): this {
    this.command('ACTIVITY_TASK_CANCEL_REQUESTED', { scheduledEventId: this.begun.get(name) });
    return this;
  }

  /** The activity stopped because it was asked to. */
  stopped(name: string): this {
    return this.activityEnds(name, 'CANCELED', {});
  }

  /** Starts to wait for at most `duration` (protobuf JSON, "3600s"). */
  waits(duration: string): this {
    const timerId = String(++this.timers);
    const started = this.command('TIMER_STARTED', { timerId, startToFireTimeout: duration });
    this.begun.set(`timer ${timerId}`, started);
    return this;
  }

  /** Gives up waiting: what it waited for is there. */
  waitsNoMore(timer = this.timers): this {
    const startedEventId = this.begun.get(`timer ${timer}`);
    this.command('TIMER_CANCELED', { timerId: String(timer), startedEventId });
    return this;
  }

  /** Nothing happened until the timer fired. */
  timesOut(timer = this.timers): this {
    const startedEventId = this.begun.get(`timer ${timer}`);
    this.add('TIMER_FIRED', { timerId: String(timer), startedEventId });
    return this.wakes();
  }

  /** Changes its search attributes. */
  describes(): this {
    this.command('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES', { searchAttributes: { indexedFields: {} } });
    return this;
  }

  /** Somebody sends a signal. */
  hears(name: string, arg: unknown): this {
    this.add('WORKFLOW_EXECUTION_SIGNALED', { signalName: name, input: payloads(arg) });
    return this;
  }

  /** Signals another workflow. */
  tells(workflowId: string, name: string): this {
    const initiated = this.command('SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED', {
      workflowExecution: { workflowId },
      signalName: name,
    });
    this.begun.set(`tells ${workflowId} ${name}`, initiated);
    return this;
  }

  /** That workflow has the signal; `isGone`: there is no such workflow. */
  told(workflowId: string, name: string, { isGone = false } = {}): this {
    const initiatedEventId = this.begun.get(`tells ${workflowId} ${name}`);
    const workflowExecution = { workflowId };
    if (!isGone) {
      this.add('EXTERNAL_WORKFLOW_EXECUTION_SIGNALED', { initiatedEventId, workflowExecution });
      return this;
    }
    const cause =
      'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND';
    const failed = { initiatedEventId, workflowExecution, cause };
    this.add('SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED', failed);
    return this;
  }

  /** Asks another workflow to cancel, and that one knows. */
  cancels(workflowId: string): this {
    const initiated = this.command('REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED', {
      workflowExecution: { workflowId },
    });
    this.begun.set(`cancels ${workflowId}`, initiated);
    return this;
  }

  hasCancelled(workflowId: string): this {
    this.add('EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED', {
      initiatedEventId: this.begun.get(`cancels ${workflowId}`),
      workflowExecution: { workflowId },
    });
    return this;
  }

  /** Starts a child workflow, which runs. */
  child(type: string, workflowId: string): this {
    const initiatedEventId = this.command('START_CHILD_WORKFLOW_EXECUTION_INITIATED', {
      workflowId,
      workflowType: { name: type },
    });
    const started = this.add('CHILD_WORKFLOW_EXECUTION_STARTED', {
      initiatedEventId,
      workflowExecution: { workflowId, runId: 'child' },
      workflowType: { name: type },
    });
    this.begun.set(`child ${workflowId}`, initiatedEventId);
    this.begun.set(`child ${workflowId} started`, started);
    return this.wakes();
  }

  childReturns(type: string, workflowId: string, result: unknown): this {
    this.add('CHILD_WORKFLOW_EXECUTION_COMPLETED', {
      ...this.childOf(type, workflowId),
      result: payloads(result),
    });
    return this;
  }

  /** A person ended the child from outside. */
  childTerminated(type: string, workflowId: string): this {
    this.add('CHILD_WORKFLOW_EXECUTION_TERMINATED', this.childOf(type, workflowId));
    return this;
  }

  /** Somebody sends an update; the workflow accepts and, when `answer` is given, answers it. */
  update(name: string, arg: unknown, answer?: unknown): this {
    this.wakes();
    const meta = { updateId: `update-${++this.updates}`, identity: 'test' };
    const acceptedEventId = this.add('WORKFLOW_EXECUTION_UPDATE_ACCEPTED', {
      protocolInstanceId: meta.updateId,
      acceptedRequestMessageId: `${meta.updateId}/request`,
      acceptedRequestSequencingEventId: this.task.scheduled,
      acceptedRequest: { meta, input: { name, args: payloads(arg) } },
    });
    this.begun.set('update', acceptedEventId);
    return answer === undefined ? this : this.answers(answer);
  }

  /** Answers the last update. */
  answers(answer: unknown): this {
    this.add('WORKFLOW_EXECUTION_UPDATE_COMPLETED', {
      meta: { updateId: `update-${this.updates}`, identity: 'test' },
      acceptedEventId: this.begun.get('update'),
      outcome: { success: payloads(answer) },
    });
    return this;
  }

  /** Somebody cancels the workflow in Temporal. */
  isCancelled(): this {
    this.add('WORKFLOW_EXECUTION_CANCEL_REQUESTED', { cause: 'test' });
    return this.wakes();
  }

  /** Is not over: whatever comes next is not part of the story. */
  continues(): Promise<void> {
    return replay({ events: this.events });
  }

  completes(): Promise<void> {
    this.command('WORKFLOW_EXECUTION_COMPLETED', { result: payloads(null) });
    return replay({ events: this.events });
  }

  fails(): Promise<void> {
    this.command('WORKFLOW_EXECUTION_FAILED', { failure: { message: 'x' } });
    return replay({ events: this.events });
  }

  continuesAsNew(workflow: string): Promise<void> {
    this.command('WORKFLOW_EXECUTION_CONTINUED_AS_NEW', {
      newExecutionRunId: 'next',
      workflowType: { name: workflow },
      taskQueue: QUEUE,
    });
    return replay({ events: this.events });
  }

  private localData(name: string): object {
    const seq = ++this.activities;
    return {
      seq,
      attempt: 1,
      activity_id: String(seq),
      activity_type: name,
      complete_time: TIME,
      backoff: null,
      original_schedule_time: TIME,
    };
  }

  /** Takes the new way: code from before this patch would not. */
  private patches(id: string): void {
    const details = { 'patch-data': payloads({ id, deprecated: false }) };
    this.command('MARKER_RECORDED', { markerName: 'core_patch', details });
  }

  private marker(details: object, more: object = {}): void {
    this.command('MARKER_RECORDED', { markerName: 'core_local_activity', details, ...more });
  }

  private childOf(type: string, workflowId: string): object {
    return {
      initiatedEventId: this.begun.get(`child ${workflowId}`),
      startedEventId: this.begun.get(`child ${workflowId} started`),
      workflowExecution: { workflowId, runId: 'child' },
      workflowType: { name: type },
    };
  }

  private activityEnds(name: string, how: string, attributes: object): this {
    const scheduledEventId = this.begun.get(name);
    const startedEventId = this.add('ACTIVITY_TASK_STARTED', { scheduledEventId, attempt: 1 });
    this.add(`ACTIVITY_TASK_${how}`, { scheduledEventId, startedEventId, ...attributes });
    return this;
  }

  private command(name: string, attributes: object): string {
    return this.add(name, { ...attributes, workflowTaskCompletedEventId: this.task.completed });
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
