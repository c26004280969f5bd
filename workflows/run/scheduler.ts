/**
 * Which steps may start, and which never will: a pure state machine over the plan's graph.
 *
 * Its cost is linear in steps and needs over a whole run: counters of unfinished needs, and two
 * flags per step that gather what happened before it. A flag is set once and spreads once.
 */
import type { Status } from '../domain/run.js';
import type { PlannedStep } from '../pipeline/plan.js';

/** A status that a step ends in. */
export type Ended = Exclude<Status, 'pending' | 'running' | 'waiting'>;

export interface Ready {
  /** To start now, in the order in which they became ready. */
  start: PlannedStep[];
  /** Ended without having started. */
  passed: { name: string; status: 'skipped' | 'cancelled' }[];
}

interface Node {
  step: PlannedStep;
  dependents: Node[];
  unfinishedNeeds: number;
  /** Some step before this one did not succeed. */
  broken: boolean;
  /** Some step before this one said no or errored. */
  failed: boolean;
  phase: 'pending' | 'taken' | 'ended';
}

export class Scheduler {
  /** Nodes and edges looked at so far: what "linear" means, for tests. */
  visits = 0;
  private readonly nodes = new Map<string, Node>();
  private queue: Node[] = [];
  private head = 0;
  private unended: number;
  private cancelled = false;

  /**
   * @param known Statuses of steps from before a continue-as-new; absent ones are pending. A step
   *   that is running or waiting counts as taken: its caller goes on with it.
   */
  constructor(steps: readonly PlannedStep[], known: ReadonlyMap<string, Status> = new Map()) {
    for (const step of steps) this.nodes.set(step.name, emptyNode(step));
    for (const node of this.nodes.values()) this.link(node);
    this.unended = this.nodes.size;
    for (const node of this.nodes.values()) {
      const status = known.get(node.step.name) ?? 'pending';
      if (status === 'running' || status === 'waiting') node.phase = 'taken';
      else if (status !== 'pending') this.end(node, status);
    }
    const isReady = (node: Node) => node.phase === 'pending' && node.unfinishedNeeds === 0;
    this.queue = [...this.nodes.values()].filter(isReady);
  }

  /** True when every step has ended. */
  get isDone(): boolean {
    return this.unended === 0;
  }

  /** True when some step waits to be taken: to start, or to be passed over. */
  get hasReady(): boolean {
    return this.head < this.queue.length;
  }

  /** Takes at most `limit` steps to start, and ends those that come before them and never will. */
  ready(limit: number): Ready {
    const ready: Ready = { start: [], passed: [] };
    while (ready.start.length < limit) {
      const node = this.queue[this.head];
      if (node === undefined) break;
      this.head++;
      this.decide(node, ready);
    }
    if (this.head >= this.queue.length) {
      this.queue = [];
      this.head = 0;
    }
    return ready;
  }

  /** A started step ended; the steps behind it may be ready now. */
  finished(name: string, status: Ended): void {
    const node = this.node(name);
    if (node.phase !== 'taken') throw new Error(`step "${name}" cannot end: it is ${node.phase}`);
    this.end(node, status);
  }

  /** A step that had succeeded did not stay so: its deploy is put back. */
  revoked(name: string): void {
    const node = this.node(name);
    if (!node.step.continueOnError) this.spread(node, { broken: true, failed: true });
  }

  /** From here on only `when: always` steps start. */
  cancel(): void {
    this.cancelled = true;
  }

  /** True when a step that it depends on, directly or through others, did not succeed. */
  isBroken(name: string): boolean {
    return this.node(name).broken;
  }

  private node(name: string): Node {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`the plan has no step "${name}"`);
    return node;
  }

  private link(node: Node): void {
    for (const need of new Set(node.step.needs)) {
      this.visits++;
      this.node(need).dependents.push(node);
      node.unfinishedNeeds++;
    }
  }

  private decide(node: Node, ready: Ready): void {
    this.visits++;
    if (!wants(node)) this.pass(node, 'skipped', ready);
    else if (this.cancelled && node.step.when !== 'always') this.pass(node, 'cancelled', ready);
    else {
      node.phase = 'taken';
      ready.start.push(node.step);
    }
  }

  private pass(node: Node, status: 'skipped' | 'cancelled', ready: Ready): void {
    ready.passed.push({ name: node.step.name, status });
    this.end(node, status);
  }

  private end(node: Node, status: Ended): void {
    node.phase = 'ended';
    this.unended--;
    const isNo = status === 'failed' || status === 'errored' || status === 'rolledBack';
    const isExcused = isNo && node.step.continueOnError === true;
    this.spread(node, { broken: status !== 'succeeded' && !isExcused, failed: isNo });
    for (const dependent of node.dependents) {
      this.visits++;
      dependent.unfinishedNeeds--;
      if (dependent.unfinishedNeeds === 0 && dependent.phase === 'pending') {
        this.queue.push(dependent);
      }
    }
  }

  private spread(from: Node, flags: { broken: boolean; failed: boolean }): void {
    const open = flags.broken || flags.failed ? [from] : [];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const dependent of node.dependents) {
        const isNew = (flags.broken && !dependent.broken) || (flags.failed && !dependent.failed);
        if (!isNew) continue;
        dependent.broken ||= flags.broken;
        dependent.failed ||= flags.failed;
        open.push(dependent);
      }
      this.visits += node.dependents.length;
    }
  }
}

function wants({ step, broken, failed }: Node): boolean {
  if (step.when === 'always') return true;
  return step.when === 'failure' ? failed : !broken;
}

function emptyNode(step: PlannedStep): Node {
  return {
    step,
    dependents: [],
    unfinishedNeeds: 0,
    broken: false,
    failed: false,
    phase: 'pending',
  };
}
