/** What the events of a run have told so far: its status, its steps, and the last lines of each log. */
import { isFinal } from '../../workflows/domain/run.js';
import { clean, cleanLines } from './narrate.text.js';
import type { LogLine, RunEvent, RunSummary, Step } from './wire.js';

/** Lines of a step's log that are kept, and characters of one line. */
const MAX_TAIL_LINES = 20;
const MAX_LINE_CHARS = 2_000;

interface Tail {
  attempt: number;
  lines: string[];
  /** What has no line end yet, by stream. */
  open: Record<string, string>;
}

/** Takes events in order; taking one twice changes nothing that is shown. */
export class Story {
  run: RunSummary | undefined;
  /** In the order in which they were first heard of, which is not that of the graph: see `inOrder`. */
  readonly steps = new Map<string, Step>();
  /** The API said that nothing will follow. */
  ended = false;
  private readonly tails = new Map<string, Tail>();
  private position = 0;
  /** Names; needs never change during a run. */
  private order: string[] = [];

  take(event: RunEvent): void {
    switch (event.event) {
      case 'step':
        this.steps.set(event.data.name, event.data);
        return;
      case 'log':
        this.log(event.data);
        return;
      case 'end':
        this.ended = true;
        this.run = event.data;
        return;
      case 'run':
        this.run = event.data;
    }
  }

  /** Every step after those that it needs; otherwise in the order in which they were heard of. */
  get inOrder(): Step[] {
    if (this.order.length !== this.steps.size) this.order = orderOf(this.steps);
    return this.order.flatMap((name) => this.steps.get(name) ?? []);
  }

  /** The last lines of a step's present attempt, oldest first. */
  tail(step: string, most: number): string[] {
    const tail = this.tails.get(step);
    if (!tail) return [];
    const open = Object.values(tail.open).flatMap((text) => cleanLines(text));
    return [...tail.lines, ...open].slice(-most);
  }

  /** The run is over; nothing that is still to come changes its status. */
  get isFinal(): boolean {
    return this.ended || (this.run !== undefined && isFinal(this.run.status));
  }

  /** Open gates, when nothing but people can move the run. A queue for a stage is no gate. */
  get gates(): Step[] {
    if (this.run?.status !== 'waiting') return [];
    const open = [...this.steps.values()].filter(({ status }) => !isFinal(status));
    const moving = open.some(
      ({ status, kind }) => status === 'running' || (status === 'waiting' && kind !== 'approve'),
    );
    return moving ? [] : open.filter(({ status }) => status === 'waiting');
  }

  /** Steps that said no or errored, in order. */
  get refused(): Step[] {
    return [...this.steps.values()].filter(
      ({ status }) => status === 'failed' || status === 'errored',
    );
  }

  private log({ position, step, attempt, stream, text }: LogLine): void {
    if (position <= this.position) return;
    this.position = position;
    const known = this.tails.get(step);
    const tail = known?.attempt === attempt ? known : { attempt, lines: [], open: {} };
    this.tails.set(step, tail);
    const parts = `${tail.open[stream] ?? ''}${text}`.split('\n');
    tail.open[stream] = (parts.pop() ?? '').slice(-MAX_LINE_CHARS);
    for (const part of parts.slice(-MAX_TAIL_LINES)) {
      const line = clean(part.slice(0, MAX_LINE_CHARS).replace(/\r+$/, '').replace(/^.*\r/, ''));
      if (line.trim() !== '') tail.lines.push(line);
    }
    tail.lines.splice(0, tail.lines.length - MAX_TAIL_LINES);
  }
}

/** By waves: first what needs nothing, then what needs only that. Steps of a cycle come last. Linear. */
function orderOf(steps: ReadonlyMap<string, Step>): string[] {
  const open = new Map<string, number>();
  const after = new Map<string, string[]>();
  for (const { name, needs } of steps.values()) {
    const known = needs.filter((need) => steps.has(need));
    open.set(name, known.length);
    for (const need of known) {
      const names = after.get(need);
      if (names) names.push(name);
      else after.set(need, [name]);
    }
  }
  const order = [...open].flatMap(([name, needs]) => (needs === 0 ? [name] : []));
  for (const name of order) {
    for (const next of after.get(name) ?? []) {
      const left = (open.get(next) ?? 0) - 1;
      open.set(next, left);
      if (left === 0) order.push(next);
    }
  }
  const placed = new Set(order);
  return [...order, ...[...steps.keys()].filter((name) => !placed.has(name))];
}
