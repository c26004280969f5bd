/** Lint: everything that is wrong with a pipeline file, at once, by line, with what to do. */
import { MAX_STEPS } from '../domain/limits.js';
import { StepName } from '../domain/names.js';
import { checkGraph } from './check.graph.js';
import { checkInputs } from './check.inputs.js';
import { checkKinds } from './check.kinds.js';
import { checkTemplates } from './check.templates.js';
import { fieldOf, type LintFinding, type Path, type Problem, toFindings } from './finding.js';
import { reachOf } from './graph.js';
import { Head, type Pipeline, StepFields } from './schema.js';
import { isMapping } from './schema.parts.js';
import { shapeProblems } from './shape.js';
import { type Claim, type Sketch, sketchOf } from './sketch.js';
import { readYaml } from './yaml.js';

export { formatFinding, type LintFinding } from './finding.js';

export interface Linted {
  /** By line; empty when the pipeline may run. At most MAX_FINDINGS and one that says so. */
  findings: LintFinding[];
  /** Present when there are no findings. */
  pipeline?: Pipeline;
  /** The line of a field, counted from 1. */
  lineOf: (path: Path) => number;
}

/** Reads a pipeline file. Never throws, whatever the text; `file` is how the findings name it. */
export function lint(text: string, file: string): Linted {
  const { value, problems: unread, lineOf } = readYaml(text);
  const isUnread = new Set(unread.map(({ path }) => fieldOf(path)));
  const wrong = value === undefined ? [] : modelProblems(value);
  // Where the door left a value out, the model misses it; once is enough.
  const problems = [...unread, ...wrong.filter(({ path }) => !isUnread.has(fieldOf(path)))];
  const findings = toFindings(problems, file, lineOf);
  // Nothing is wrong with its shape, and parsing changes nothing: it is a Pipeline.
  return findings.length > 0
    ? { findings, lineOf }
    : { findings, pipeline: value as Pipeline, lineOf };
}

/** What is wrong with a model, whichever door it came through. */
export function modelProblems(file: unknown): Problem[] {
  const head = shapeProblems(Head, file, []);
  if (!isMapping(file) || !isMapping(file['steps'])) return head;
  const steps = Object.entries(file['steps']);
  const top = [...head, ...checkInputs(file)];
  if (steps.length === 0 || steps.length > MAX_STEPS) return [...top, stepCount(steps.length)];
  const shapes = steps.flatMap(([name, step]) => [
    ...nameProblems(name),
    ...stepProblems(name, step),
  ]);
  const isWrong = new Set(shapes.map(({ path }) => fieldOf(path)));
  const sketch = sketchOf(file);
  const said = [checkGraph, checkKinds, checkTemplates].flatMap((check) => check(sketch));
  // A field that must be rewritten anyway is not judged for what it says.
  const meant = settle(said, sketch).filter(({ path }) => !isWrong.has(fieldOf(path)));
  return [...top, ...shapes, ...meant];
}

function stepProblems(name: string, step: unknown): Problem[] {
  return shapeProblems(StepFields, step, ['steps', name]);
}

function nameProblems(name: string): Problem[] {
  const help = 'rename the step, also where others need it';
  return shapeProblems(StepName, name, ['steps', name]).map((problem) => ({ ...problem, help }));
}

function stepCount(count: number): Problem {
  const path = ['steps'];
  if (count === 0) return { path, message: 'there are no steps', help: 'write at least one' };
  const message = `there are ${count} steps; the limit is ${MAX_STEPS}`;
  return { path, message, help: 'put commands that belong together into one run step' };
}

/** Turns claims on the order into problems where they do not hold. */
function settle(said: readonly (Problem | Claim)[], { needs }: Sketch): Problem[] {
  const claims = said.filter((item) => 'anyOf' in item);
  // Claims share their lists; many checks of one stage are settled as cheaply as one.
  const targets = [...new Set(claims.map(({ anyOf }) => anyOf))].flat();
  const comesBefore = reachOf(needs, targets);
  return said.flatMap((item) => {
    if (!('anyOf' in item)) return [item];
    const { node, anyOf, otherwise } = item;
    return anyOf.every((target) => comesBefore(node, target) === false) ? [otherwise] : [];
  });
}
