/** Do templates stand where they are filled in, and name what will be there. */

import { noStep } from './check.graph.js';
import { mustComeBefore } from './check.kinds.js';
import { listed, type Path, type Problem, quote } from './finding.js';
import { METHODS } from './schema.kinds.js';
import { isMapping } from './schema.parts.js';
import { type Claim, namesAt, type Sketch, type SketchedStep } from './sketch.js';
import { didYouMean } from './suggest.js';
import { type Reference, RUN_FIELDS, references } from './template.js';

const FORMS = 'write ${{ inputs.NAME }}, ${{ steps.NAME.outputs.NAME }} or ${{ run.commit }}';

export function checkTemplates(sketch: Sketch): (Problem | Claim)[] {
  const checker = new TemplateChecker(sketch);
  return sketch.steps.flatMap((step) => checker.check(step));
}

class TemplateChecker {
  /** Per step that was asked about. */
  private readonly outputs = new Map<SketchedStep, Set<string>>();

  constructor(private readonly sketch: Sketch) {}

  check(step: SketchedStep): (Problem | Claim)[] {
    return templatesIn(step.fields, []).flatMap(({ path: inside, found }) => {
      const path = [...step.path, ...inside];
      if (!isFilledIn(inside)) return [notHere(path, inside)];
      return found.flatMap((reference) => this.checkOne(reference, path, step) ?? []);
    });
  }

  private checkOne(reference: Reference, path: Path, step: SketchedStep) {
    const { path: names, text } = reference;
    const [root = '', name = ''] = names;
    const wrong = (message: string, help: Problem['help']): Problem => ({ path, message, help });
    if (names.length === 0) return wrong(`${quote(text)} is no dotted path in brackets`, FORMS);
    if (root === 'steps') return this.checkOutput(names, path, step);
    if (root === 'secrets')
      return wrong('templates hold no secrets: plans are kept', ofSecret(name));
    if (root !== 'inputs' && root !== 'run') {
      const help = () => didYouMean(root, ['inputs', 'steps', 'run'], FORMS);
      return wrong(`a template knows nothing called ${quote(root)}`, help);
    }
    const known: readonly string[] = root === 'run' ? RUN_FIELDS : this.sketch.inputs;
    if (names.length === 2 && known.includes(name)) return undefined;
    const said = names.length === 2 ? name : names.slice(1).join('.');
    const what = root === 'run' ? 'a run has no' : 'there is no input';
    const none =
      known.length === 0 ? 'declare it under on.manual.inputs' : `known: ${listed(known)}`;
    return wrong(`${what} ${quote(said)}`, () => didYouMean(said, known, none));
  }

  private checkOutput(names: string[], path: Path, step: SketchedStep): Problem | Claim {
    const [, name = '', outputs, output = ''] = names;
    if (names.length !== 4 || outputs !== 'outputs') {
      const message = `${quote(names.join('.'))} is no output of a step`;
      return { path, message, help: 'write ${{ steps.NAME.outputs.NAME }}' };
    }
    const named = this.sketch.byName.get(name);
    if (named === undefined) return noStep(name, path, this.sketch);
    const declared = this.outputsOf(named);
    if (declared.has(output)) return mustComeBefore(step, named, path);
    const message = `the step ${quote(name)} declares no output ${quote(output)}`;
    const otherwise = `add it to the outputs of ${quote(name)}`;
    return { path, message, help: () => didYouMean(output, declared, otherwise) };
  }

  private outputsOf(step: SketchedStep): Set<string> {
    const known = this.outputs.get(step);
    if (known !== undefined) return known;
    const declared = new Set(namesAt(step.fields, ['outputs'], []).map(({ name }) => name));
    this.outputs.set(step, declared);
    return declared;
  }
}

function ofSecret(name: string): string {
  const said = name === '' ? 'NAME' : name;
  return `write secrets: [${said}] in the step; its commands find the value as "$${said}"`;
}

/** Values of env; address, headers and body of an HTTP check. Nowhere else. */
function isFilledIn([top, kindField, _index, field, header, ...more]: Path): boolean {
  if (more.length > 0) return false;
  if (top === 'env') return kindField !== undefined && _index === undefined;
  if (top !== 'check' || kindField !== 'http') return false;
  if (field === 'headers') return header !== undefined;
  return header === undefined && ['body', ...METHODS].includes(String(field));
}

function notHere(path: Path, inside: Path): Problem {
  const isCommand = inside.includes('run');
  const message = isCommand
    ? 'templates are not filled in inside commands: a value could become a command'
    : 'templates are not filled in here';
  const help = isCommand
    ? 'put the template into a variable of env, and use "$VARIABLE" in the command'
    : 'write the value out; templates stand in env and in the http requests of a check';
  return { path, message, help };
}

function templatesIn(value: unknown, path: Path): { path: Path; found: Reference[] }[] {
  if (typeof value === 'string') {
    const found = value.includes('${{') ? references(value) : [];
    return found.length === 0 ? [] : [{ path, found }];
  }
  if (Array.isArray(value)) return value.flatMap((item, i) => templatesIn(item, [...path, i]));
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => templatesIn(item, [...path, name]));
}
