/**
 * Writes a workflow history as a story and replays the real code against it. Needs no server.
 *
 * Words in the third person are commands: what the workflow must do, in the order in which it does
 * it. `wakes()` ends a paragraph: the worker hears what happened, and runs code again.
 * A replay compares commands, not payloads.
 */
import { EventLog, payloads, QUEUE, TIME } from './event-log.js';

/** What a workflow asks for when a history of it begins: see ADR 0032. Older ones: the recorded histories. */
const PATCHES: Record<string, string> = { run: 'freight-has-limits', stage: 'words-for-the-near' };

export class History {
  private readonly log = new EventLog();
  /** Of the last workflow task: its first event. */
  private task = '';
  private activities = 0;
  private timers = 0;
  private updates = 0;
  /** Event that began something by name: an activity, a signal, a child. The last one counts. */
  private readonly begun = new Map<string, string>();

  /** @param signals What came together with the start. */
  constructor(workflow: string, input: unknown, signals: [name: string, arg: unknown][] = []) {
    this.log.add('WORKFLOW_EXECUTION_STARTED', {
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
    this.task = this.log.task(isFull);
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
      const scheduled = this.log.command('ACTIVITY_TASK_SCHEDULED', {
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
    this.log.command('ACTIVITY_TASK_CANCEL_REQUESTED', { scheduledEventId: this.begun.get(name) });
    return this;
  }

  /** The activity stopped because it was asked to. */
  stopped(name: string): this {
    return this.activityEnds(name, 'CANCELED', {});
  }

  /** Starts to wait for at most `duration` (protobuf JSON, "3600s"). */
  waits(duration: string): this {
    const timerId = String(++this.timers);
    const started = this.log.command('TIMER_STARTED', { timerId, startToFireTimeout: duration });
    this.begun.set(`timer ${timerId}`, started);
    return this;
  }

  /** Gives up waiting: what it waited for is there. */
  waitsNoMore(timer = this.timers): this {
    const startedEventId = this.begun.get(`timer ${timer}`);
    this.log.command('TIMER_CANCELED', { timerId: String(timer), startedEventId });
    return this;
  }

  /** Nothing happened until the timer fired. */
  timesOut(timer = this.timers): this {
    const startedEventId = this.begun.get(`timer ${timer}`);
    this.log.add('TIMER_FIRED', { timerId: String(timer), startedEventId });
    return this.wakes();
  }

  /** Changes its search attributes. */
  describes(): this {
    this.log.command('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES', {
      searchAttributes: { indexedFields: {} },
    });
    return this;
  }

  /** Somebody sends a signal. */
  hears(name: string, arg: unknown): this {
    this.log.add('WORKFLOW_EXECUTION_SIGNALED', { signalName: name, input: payloads(arg) });
    return this;
  }

  /** Signals another workflow. */
  tells(workflowId: string, name: string): this {
    const initiated = this.log.command('SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED', {
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
      this.log.add('EXTERNAL_WORKFLOW_EXECUTION_SIGNALED', { initiatedEventId, workflowExecution });
      return this;
    }
    const cause =
      'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND';
    const failed = { initiatedEventId, workflowExecution, cause };
    this.log.add('SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED', failed);
    return this;
  }

  /** Asks another workflow to cancel, and that one knows. */
  cancels(workflowId: string): this {
    const initiated = this.log.command('REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED', {
      workflowExecution: { workflowId },
    });
    this.begun.set(`cancels ${workflowId}`, initiated);
    return this;
  }

  hasCancelled(workflowId: string): this {
    this.log.add('EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED', {
      initiatedEventId: this.begun.get(`cancels ${workflowId}`),
      workflowExecution: { workflowId },
    });
    return this;
  }

  /** Starts a child workflow, which runs. */
  child(type: string, workflowId: string): this {
    const initiatedEventId = this.log.command('START_CHILD_WORKFLOW_EXECUTION_INITIATED', {
      workflowId,
      workflowType: { name: type },
    });
    const started = this.log.add('CHILD_WORKFLOW_EXECUTION_STARTED', {
      initiatedEventId,
      workflowExecution: { workflowId, runId: 'child' },
      workflowType: { name: type },
    });
    this.begun.set(`child ${workflowId}`, initiatedEventId);
    this.begun.set(`child ${workflowId} started`, started);
    return this.wakes();
  }

  childReturns(type: string, workflowId: string, result: unknown): this {
    this.log.add('CHILD_WORKFLOW_EXECUTION_COMPLETED', {
      ...this.childOf(type, workflowId),
      result: payloads(result),
    });
    return this;
  }

  /** A person ended the child from outside. */
  childTerminated(type: string, workflowId: string): this {
    this.log.add('CHILD_WORKFLOW_EXECUTION_TERMINATED', this.childOf(type, workflowId));
    return this;
  }

  /** Somebody sends an update; the workflow accepts and, when `answer` is given, answers it. */
  update(name: string, arg: unknown, answer?: unknown): this {
    this.wakes();
    const meta = { updateId: `update-${++this.updates}`, identity: 'test' };
    const acceptedEventId = this.log.add('WORKFLOW_EXECUTION_UPDATE_ACCEPTED', {
      protocolInstanceId: meta.updateId,
      acceptedRequestMessageId: `${meta.updateId}/request`,
      acceptedRequestSequencingEventId: this.task,
      acceptedRequest: { meta, input: { name, args: payloads(arg) } },
    });
    this.begun.set('update', acceptedEventId);
    return answer === undefined ? this : this.answers(answer);
  }

  /** Answers the last update. */
  answers(answer: unknown): this {
    this.log.add('WORKFLOW_EXECUTION_UPDATE_COMPLETED', {
      meta: { updateId: `update-${this.updates}`, identity: 'test' },
      acceptedEventId: this.begun.get('update'),
      outcome: { success: payloads(answer) },
    });
    return this;
  }

  /** Somebody cancels the workflow in Temporal. */
  isCancelled(): this {
    this.log.add('WORKFLOW_EXECUTION_CANCEL_REQUESTED', { cause: 'test' });
    return this.wakes();
  }

  /** Is not over: whatever comes next is not part of the story. */
  continues(): Promise<void> {
    return this.log.replay();
  }

  completes(): Promise<void> {
    this.log.command('WORKFLOW_EXECUTION_COMPLETED', { result: payloads(null) });
    return this.log.replay();
  }

  fails(): Promise<void> {
    this.log.command('WORKFLOW_EXECUTION_FAILED', { failure: { message: 'x' } });
    return this.log.replay();
  }

  continuesAsNew(workflow: string): Promise<void> {
    this.log.command('WORKFLOW_EXECUTION_CONTINUED_AS_NEW', {
      newExecutionRunId: 'next',
      workflowType: { name: workflow },
      taskQueue: QUEUE,
    });
    return this.log.replay();
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
    this.log.command('MARKER_RECORDED', { markerName: 'core_patch', details });
  }

  private marker(details: object, more: object = {}): void {
    this.log.command('MARKER_RECORDED', { markerName: 'core_local_activity', details, ...more });
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
    const startedEventId = this.log.add('ACTIVITY_TASK_STARTED', { scheduledEventId, attempt: 1 });
    this.log.add(`ACTIVITY_TASK_${how}`, { scheduledEventId, startedEventId, ...attributes });
    return this;
  }
}
