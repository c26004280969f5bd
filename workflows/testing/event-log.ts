/** Events of a workflow history, numbered, as Temporal writes them down as JSON. */
import { replay } from './bundle.js';

export const QUEUE = { name: 'replay', kind: 'TASK_QUEUE_KIND_NORMAL' };
export const TIME = { seconds: 1_767_225_600, nanos: 0 };

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const payload = (value: unknown) => ({
  metadata: { encoding: base64('json/plain') },
  data: base64(JSON.stringify(value)),
});
export const payloads = (...values: unknown[]) => ({ payloads: values.map(payload) });

export class EventLog {
  private readonly events: unknown[] = [];
  private completed = '';

  /** One workflow task. @returns the id of its first event. */
  task(isFull: boolean): string {
    const scheduled = this.add('WORKFLOW_TASK_SCHEDULED', { taskQueue: QUEUE, attempt: 1 });
    const started = this.add('WORKFLOW_TASK_STARTED', {
      scheduledEventId: scheduled,
      suggestContinueAsNew: isFull,
    });
    this.completed = this.add('WORKFLOW_TASK_COMPLETED', {
      scheduledEventId: scheduled,
      startedEventId: started,
    });
    return scheduled;
  }

  /** What the workflow wanted in its last task. */
  command(name: string, attributes: object): string {
    return this.add(name, { ...attributes, workflowTaskCompletedEventId: this.completed });
  }

  add(name: string, attributes: object): string {
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

  /** Against the real code. @throws what Temporal says when it does something else. */
  replay(): Promise<void> {
    return replay({ events: this.events });
  }
}
