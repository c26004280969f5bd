/** Which deploys must be put back when a step says no, and in which order. Pure. */
import type { PlannedStep } from '../pipeline/plan.js';
import type { Deployed } from './run.messages.js';

/**
 * Looks from a step that said no up to the deploys that it needs, directly or through others.
 *
 * Each step is looked at once per run: deploys found earlier are put back already, and whatever is
 * before a step has ended, so nothing new can stand there. The cost of all questions is linear.
 */
export class Blame {
  private readonly steps: ReadonlyMap<string, PlannedStep>;
  private readonly seen = new Set<string>();

  constructor(steps: readonly PlannedStep[]) {
    this.steps = new Map(steps.map((step) => [step.name, step]));
  }

  /** Names of the deploy steps that `name` needs or is, as far as no earlier question named them. */
  deploysBehind(name: string): string[] {
    const found: string[] = [];
    const open = [name];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const step = this.steps.get(next);
      if (step === undefined || this.seen.has(next)) continue;
      this.seen.add(next);
      if (step.kind === 'deploy') found.push(next);
      open.push(...(step.needs ?? []));
    }
    return found;
  }
}

/** Steps that need a deploy, directly or through others: only these can be ended by a put-back. */
export function stepsBehindDeploys(steps: readonly PlannedStep[]): ReadonlySet<string> {
  if (!steps.some(({ kind }) => kind === 'deploy')) return new Set();
  const dependents = new Map<string, string[]>();
  for (const { name, needs = [] } of steps) {
    for (const need of needs) {
      const known = dependents.get(need);
      if (known === undefined) dependents.set(need, [name]);
      else known.push(name);
    }
  }
  const behind = new Set<string>();
  const open = steps.flatMap(({ kind, name }) => (kind === 'deploy' ? [name] : []));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const dependent of dependents.get(next) ?? []) {
      if (behind.has(dependent)) continue;
      behind.add(dependent);
      open.push(dependent);
    }
  }
  return behind;
}

/** The newest standing deploy among `doomed`; undefined when none of them stands. */
export function nextToPutBack(
  deployed: readonly Deployed[],
  doomed: ReadonlySet<string>,
): Deployed | undefined {
  return deployed.findLast((deploy) => doomed.has(deploy.step));
}
