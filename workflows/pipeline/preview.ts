/** Preview: which steps would run if all went well, why, and in what order. Linear. */
import { listed } from './finding.js';
import { orderOf } from './graph.js';
import type { Plan, PlannedStep } from './plan.js';
import type { Start } from './triggers.js';

/** The same shape as `PlannedStepView` of the REST API, which this folder may not import. */
export interface PlannedStepView {
  name: string;
  kind: string;
  needs: string[];
  /** Steps of the same wave start together. Counts from 1. */
  wave: number;
  runs: boolean;
  why: string;
}

/** By wave, then as in the file. `event` is what `matchesPush` or `matchesManual` said. */
export function preview(plan: Plan, event: Start): PlannedStepView[] {
  const { steps } = plan;
  const nodes = new Map(steps.map((step, node) => [step.name, node]));
  const needs = steps.map((step) => (step.needs ?? []).flatMap((name) => nodes.get(name) ?? []));
  const { sorted, waves } = orderOf(needs);
  const waveOf = (node: number): number => waves[node] ?? 1;
  // By wave is an order of the graph, too: what a step needs is in an earlier wave.
  const inOrder = sorted.sort((a, b) => waveOf(a) - waveOf(b) || a - b);
  /** Per node: itself or a step before it that would be skipped. */
  const skipped: (string | undefined)[] = steps.map(() => undefined);
  return inOrder.flatMap((node) => {
    const step = steps[node];
    if (step === undefined) return [];
    const missing = needs[node]?.map((needed) => skipped[needed]).find(Boolean);
    const start = judge(step, missing, event);
    skipped[node] = start.runs ? missing : step.name;
    return {
      name: step.name,
      kind: step.kind,
      needs: step.needs ?? [],
      wave: waveOf(node),
      ...start,
    };
  });
}

function judge(
  { needs = [], when }: PlannedStep,
  missing: string | undefined,
  event: Start,
): Start {
  if (!event.runs) return { runs: false, why: event.why };
  if (when === 'always') {
    return {
      runs: true,
      why: needs.length === 0 ? 'in any case' : `in any case, after ${listed(needs, 3)}`,
    };
  }
  if (when === 'failure') {
    return { runs: false, why: 'only when a step before it says no or errors' };
  }
  if (missing !== undefined) return { runs: false, why: `${listed([missing])} would be skipped` };
  if (needs.length === 0) return { runs: true, why: event.why };
  return { runs: true, why: `when ${listed(needs, 3)} succeeded` };
}
