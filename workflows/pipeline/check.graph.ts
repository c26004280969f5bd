/** Is the graph a graph: every need names a step, nothing waits for itself. */
import { MAX_DEPLOYS } from '../domain/limits.js';
import { listed, type Path, type Problem, quote } from './finding.js';
import { cyclesOf } from './graph.js';
import type { Sketch, SketchedStep } from './sketch.js';
import { didYouMean } from './suggest.js';

/** Names of a cycle that a message shows. */
const MAX_SHOWN = 12;

export function checkGraph(sketch: Sketch): Problem[] {
  const needs = sketch.steps.flatMap((step) => checkNeeds(step, sketch));
  return [...needs, ...tooManyDeploys(sketch), ...cycles(sketch)];
}

function tooManyDeploys({ steps }: Sketch): Problem[] {
  const deploys = steps.filter(({ kind }) => kind === 'deploy');
  const first = deploys[MAX_DEPLOYS];
  if (first === undefined) return [];
  const message = `the pipeline has ${deploys.length} deploy steps; the limit is ${MAX_DEPLOYS}`;
  return [{ path: first.path, message, help: 'split the pipeline' }];
}

/** There is no such step: with the nearest name. */
export function noStep(name: string, path: Path, sketch: Sketch): Problem {
  const help = () => {
    const known = [...sketch.byName.keys()];
    return didYouMean(name, known, `the steps are ${listed(known)}`);
  };
  return { path, message: `there is no step ${quote(name)}`, help };
}

function checkNeeds(step: SketchedStep, sketch: Sketch): Problem[] {
  const problems = step.needs.flatMap(({ name, path }): Problem[] => {
    if (name === step.name) {
      return [{ path, message: 'the step needs itself', help: 'remove it from its needs' }];
    }
    return sketch.byName.has(name) ? [] : [noStep(name, path, sketch)];
  });
  if (step.needs.length === 0 && step.fields['when'] === 'failure') {
    const message =
      'the step needs nothing, so that nothing can fail before it: it would never run';
    const help = 'name the steps in needs whose failure it is about';
    problems.push({ path: [...step.path, 'when'], message, help });
  }
  if (step.needs.length === 0 && step.kind === 'approve') {
    const message = 'the step needs nothing, so that there is nothing to approve';
    const help = 'name the steps in needs that people shall judge';
    problems.push({ path: step.path, message, help });
  }
  return problems;
}

function cycles({ steps, needs }: Sketch): Problem[] {
  return cyclesOf(needs).map((cycle) => {
    const names = [...cycle, cycle[0] ?? 0].map((node) => steps[node]?.name ?? '');
    const more = names.length - MAX_SHOWN;
    const shown = more > 0 ? [...names.slice(0, MAX_SHOWN), `… ${more} more`] : names;
    return {
      path: [...(steps[cycle[0] ?? 0]?.path ?? []), 'needs'],
      message: `these steps wait for each other: ${shown.join(' → ')}`,
      help: 'remove one of these needs ("a → b" means that a needs b)',
    };
  });
}
