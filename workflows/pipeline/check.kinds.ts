/** Does a step fit its kind, and do the steps fit that it names. */

import { noStep } from './check.graph.js';
import { listed, type Path, type Problem, quote } from './finding.js';
import { StepFields } from './schema.js';
import { KINDS, METHODS } from './schema.kinds.js';
import { isMapping } from './schema.parts.js';
import {
  type Claim,
  mappingAt,
  namesAt,
  type Sketch,
  type SketchedStep,
  textAt,
} from './sketch.js';
import { didYouMean } from './suggest.js';

export function checkKinds(sketch: Sketch): (Problem | Claim)[] {
  const deploys = deploysByStage(sketch);
  return sketch.steps.flatMap((step) => [
    ...checkKind(step),
    ...checkFields(step),
    ...checkSecrets(step),
    ...(step.kind === 'deploy' ? checkRelease(step, sketch) : []),
    ...(step.kind === 'scan' ? checkScan(step, sketch) : []),
    ...(step.kind === 'check' ? checkStage(step, deploys) : []),
  ]);
}

function checkKind({ path, fields, kinds, isMapped }: SketchedStep): Problem[] {
  if (kinds.length === 1) return [];
  if (kinds.length > 1) {
    const message = `the step has ${listed(kinds)}; a step is of one kind`;
    return [{ path, message, help: 'make a step of each, and let them need each other' }];
  }
  // No mapping, or a field that we do not know and that may be meant as the kind: said elsewhere.
  if (!isMapped || Object.keys(fields).some((field) => !(field in StepFields.shape))) return [];
  const message = 'the step has no kind, so that there is nothing to do';
  return [{ path, message, help: `give it one of ${KINDS.join(', ')}` }];
}

/** Fields that would have no effect on a step of this kind. */
function checkFields({ path, fields, kind }: SketchedStep): Problem[] {
  if (kind === undefined) return [];
  const hasCommands = kind === 'run' || mappingAt(fields, [kind])['run'] !== undefined;
  const inBuild = kind === 'build' ? 'write it inside "build"' : 'remove it';
  const rules: Record<string, [isFine: boolean, why: string, help: string]> = {
    artifacts: [kind === 'run', 'only a run step keeps artifacts', 'remove it'],
    cache: [kind === 'run', 'only run and build steps have caches', inBuild],
    env: [hasCommands, 'the step has no commands that could read it', 'remove it'],
    network: [hasCommands, 'the step has no commands that could reach anything', 'remove it'],
    outputs: [hasCommands, 'the step has no commands that could write them', 'remove it'],
    secrets: [hasCommands, 'the step has no commands that could read them', 'remove it'],
    retry: [kind !== 'approve', 'an answer of people is never asked for again', 'remove it'],
    timeout: [kind !== 'approve', 'a gate has a timeout of its own', 'write it inside "approve"'],
  };
  return Object.entries(rules).flatMap(([field, [isFine, message, help]]) =>
    isFine || fields[field] === undefined ? [] : [{ path: [...path, field], message, help }],
  );
}

/** A variable that is both would hide one of the two. */
function checkSecrets({ path, fields }: SketchedStep): Problem[] {
  const env = mappingAt(fields, ['env']);
  return namesAt(fields, ['secrets'], path)
    .filter(({ name }) => Object.hasOwn(env, name))
    .map(({ name, path: at }) => ({
      path: at,
      message: `${quote(name)} is a variable of env, too`,
      help: 'remove one of the two, or call the variable of env something else',
    }));
}

function checkRelease(step: SketchedStep, sketch: Sketch): (Problem | Claim)[] {
  const names = namesAt(step.fields, ['deploy', 'release'], step.path);
  const problems: (Problem | Claim)[] = [];
  const builds: SketchedStep[] = [];
  for (const { name, path } of names) {
    const named = sketch.byName.get(name);
    if (named?.kind === 'build') {
      builds.push(named);
      problems.push(mustComeBefore(step, named, path));
    } else problems.push(named === undefined ? noStep(name, path, sketch) : noBuild(name, path));
  }
  const starting = builds.filter(({ fields }) => mappingAt(fields, ['build'])['command']);
  if (names.length === 0 || builds.length < names.length || starting.length === 1) return problems;
  const path = [...step.path, 'deploy', 'release'];
  const them = listed((starting.length === 0 ? builds : starting).map(({ name }) => name));
  const nobody = builds.length === 1 ? `${them} has no command` : `none of ${them} has a command`;
  const none = `${nobody}, so that no instance could be started`;
  const message = starting.length === 0 ? none : `${them} have a command each; a release has one`;
  return [...problems, { path, message, help: 'give exactly one of these build steps a command' }];
}

function noBuild(name: string, path: Path): Problem {
  const message = `the step ${quote(name)} is no build step, so that it makes no artifact to deploy`;
  return { path, message, help: 'name steps of kind build' };
}

function checkScan(step: SketchedStep, sketch: Sketch): (Problem | Claim)[] {
  const of = textAt(step.fields, ['scan', 'of']);
  if (of === undefined) return [];
  const path = [...step.path, 'scan', 'of'];
  const named = sketch.byName.get(of);
  if (named === undefined) return [noStep(of, path, sketch)];
  const isKept = named.kind === 'build' || named.fields['artifacts'] !== undefined;
  if (isKept) return [mustComeBefore(step, named, path)];
  const message = `the step ${quote(of)} keeps no files that could be scanned`;
  return [{ path, message, help: 'name a build step, or a run step with artifacts' }];
}

function checkStage(
  step: SketchedStep,
  deploys: ReadonlyMap<string, number[]>,
): (Problem | Claim)[] {
  const stage = textAt(step.fields, ['check', 'stage']);
  const relative = relativeUrls(step);
  if (stage === undefined) {
    const message = 'the path needs a stage to be a path of';
    const help = 'give the check a stage, or write an absolute URL';
    return relative.map((path) => ({ path, message, help }));
  }
  if (relative.length === 0 && mappingAt(step.fields, ['check'])['run'] === undefined) return [];
  const anyOf = deploys.get(stage) ?? [];
  const message = `nothing that comes before this step deploys to ${quote(stage)}`;
  const help = () =>
    anyOf.length > 0
      ? 'add the deploy step to its needs, or write absolute URLs without a stage'
      : didYouMean(stage, deploys.keys(), 'add a deploy step, or write absolute URLs');
  const otherwise = { path: [...step.path, 'check', 'stage'], message, help };
  return [anyOf.length === 0 ? otherwise : { node: step.node, anyOf, otherwise }];
}

function relativeUrls({ fields, path }: SketchedStep): Path[] {
  const { http, webSocket } = mappingAt(fields, ['check']);
  const paths: Path[] = [];
  for (const [list, value] of Object.entries({ http, webSocket })) {
    for (const [index, item] of Array.isArray(value) ? value.entries() : []) {
      if (!isMapping(item)) continue;
      for (const field of list === 'http' ? METHODS : ['connect']) {
        const url = item[field];
        const isRelative = typeof url === 'string' && url.startsWith('/');
        if (isRelative) paths.push([...path, 'check', list, index, field]);
      }
    }
  }
  return paths;
}

function deploysByStage({ steps }: Sketch): Map<string, number[]> {
  const deploys = new Map<string, number[]>();
  for (const step of steps) {
    const stage = step.kind === 'deploy' ? textAt(step.fields, ['deploy', 'stage']) : undefined;
    if (stage === undefined) continue;
    const before = deploys.get(stage);
    if (before === undefined) deploys.set(stage, [step.node]);
    else before.push(step.node);
  }
  return deploys;
}

/** `named` must be needed by `step`, directly or through others. */
export function mustComeBefore(step: SketchedStep, named: SketchedStep, path: Path): Claim {
  const isSelf = step === named;
  const message = isSelf
    ? 'the step names itself'
    : `${quote(named.name)} does not come before ${quote(step.name)}`;
  const help = isSelf
    ? 'name a step that comes before it'
    : `add ${quote(named.name)} to the needs of ${quote(step.name)}`;
  return { node: step.node, anyOf: [named.node], otherwise: { path, message, help } };
}
