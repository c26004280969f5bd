/** Which stages a plan is about. Beside plan.ts: workflows need it without zod. */
import type { Plan } from './plan.js';

/** Stages that the plan deploys to, each once, in the order of the file. */
export function stagesOf(plan: Plan): string[] {
  return [...new Set(plan.steps.flatMap((s) => (s.kind === 'deploy' ? [s.spec.stage] : [])))];
}
