/** Runs as tests need them: short to say, whole for the store. */
import { randomUUID } from 'node:crypto';
import { RunRef, Trigger } from '../../workflows/domain/run.js';
import type { Plan } from '../../workflows/pipeline/plan.js';
import type { Store } from './store.ports.js';

export const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

export const plan = (...names: string[]): Plan => ({
  pipeline: 'delivery',
  steps: names.map((name) => ({ name, kind: 'run', spec: { commands: ['true'] } })),
});

/** Opens a run of `repository` with these steps, and returns its id. */
export async function openRun(
  store: Store,
  { repository = 'web', steps = ['test'], commit = 'c'.repeat(40), branch = 'main' } = {},
): Promise<string> {
  await store.repositories.create(repository, 'admin');
  const order = await store.repositories.nextOrder(repository);
  const run = RunRef.parse({
    id: `${repository}-${randomUUID()}`,
    repository,
    commit,
    branch,
    pipeline: 'delivery',
    order,
  });
  const trigger = Trigger.parse({ kind: 'push', by: 'ada' });
  await store.runs.open({ run, trigger, plan: plan(...steps) });
  return run.id;
}
