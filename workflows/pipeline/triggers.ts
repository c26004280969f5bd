/** Triggers: does a push start the pipeline, and do the inputs of a person fit it. */

import { MAX_VALUE_CHARS } from '../domain/limits.js';
import { tooMuch } from './check.inputs.js';
import { type LintFinding, listed, type Problem, quote, toFindings } from './finding.js';
import { Patterns, TooCostly } from './glob.js';
import type { ManualInput, Pipeline } from './schema.js';
import { didYouMean } from './suggest.js';

export interface Push {
  branch: string;
  /** Null where it is not known, as for a new branch: then every path counts as changed. */
  changedPaths: readonly string[] | null;
}

/** Whether a run starts, and a sentence that says why or why not. */
export interface Start {
  runs: boolean;
  why: string;
}

export type Inputs = { inputs: Record<string, string> } | { findings: LintFinding[] };

export function matchesPush(pipeline: Pipeline, { branch, changedPaths }: Push): Start {
  const { on } = pipeline;
  if (on !== undefined && on.push === undefined) {
    return { runs: false, why: 'on.push is not there: only people start this pipeline' };
  }
  const { branches, paths } = on?.push ?? {};
  const pushed = `push to ${quote(branch)}`;
  const byBranch = branches && orTooCostly(() => new Patterns(branches).matching(branch));
  if (byBranch === TOO_COSTLY) {
    return { runs: false, why: `${pushed}: on.push.branches: ${new TooCostly().message}` };
  }
  if (branches !== undefined && byBranch === undefined) {
    return { runs: false, why: `${pushed}: on.push.branches takes ${listed(branches)}` };
  }
  const because = byBranch === undefined ? pushed : `${pushed}, which is in ${quote(byBranch)}`;
  if (paths === undefined) return { runs: true, why: because };
  if (changedPaths === null) return { runs: true, why: `${because}; what changed is not known` };
  const asked = new Patterns(paths);
  for (const path of changedPaths) {
    const byPath = orTooCostly(() => asked.matching(path));
    if (byPath === undefined) continue;
    if (byPath === TOO_COSTLY) {
      return { runs: true, why: `${because}; on.push.paths: ${new TooCostly().message}` };
    }
    return { runs: true, why: `${because}; ${quote(path)} changed, which is in ${quote(byPath)}` };
  }
  return { runs: false, why: `${pushed} changed nothing in on.push.paths: ${listed(paths)}` };
}

const TOO_COSTLY = Symbol('too costly');

function orTooCostly<T>(ask: () => T): T | typeof TOO_COSTLY {
  try {
    return ask();
  } catch (error) {
    if (error instanceof TooCostly) return TOO_COSTLY;
    throw error;
  }
}

/** Whether people may start the pipeline. */
export function matchesManual({ on }: Pipeline): Start {
  const runs = on === undefined || on.manual !== undefined;
  return {
    runs,
    why: runs ? 'started by a person' : 'on.manual is not there: only a push starts it',
  };
}

/**
 * The inputs of a run that a person starts: what was given, else the defaults, else the empty text.
 * Findings name inputs that are unknown, missing, too long or none of the options.
 */
export function manualInputs(pipeline: Pipeline, given: Readonly<Record<string, string>>): Inputs {
  const declared = declaredBy(pipeline);
  const start = matchesManual(pipeline);
  const problems: Problem[] = start.runs
    ? []
    : [{ path: ['on', 'manual'], message: start.why, help: 'push, or add "manual: {}" to "on"' }];
  for (const name of Object.keys(given)) {
    if (declared.has(name)) continue;
    const none =
      declared.size === 0 ? 'this pipeline has none' : `known: ${listed([...declared.keys()])}`;
    const help = () => didYouMean(name, declared.keys(), none);
    problems.push({ path: ['inputs', name], message: `there is no input ${quote(name)}`, help });
  }
  for (const [name, input] of declared) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    const problem = judge(name, input, value);
    if (problem !== undefined) problems.push({ path: ['inputs', name], ...problem });
  }
  const inputs = { ...defaultInputs(pipeline), ...given };
  problems.push(...tooMuch(inputs, ['inputs']));
  if (problems.length > 0) return { findings: toFindings(problems, 'inputs', () => 1) };
  return { inputs };
}

/** The inputs of a run that nobody gave any: each default, else the empty text. */
export function defaultInputs(pipeline: Pipeline): Record<string, string> {
  const entries = [...declaredBy(pipeline)];
  return Object.fromEntries(entries.map(([name, input]) => [name, String(input.default ?? '')]));
}

function declaredBy({ on }: Pipeline): Map<string, ManualInput> {
  const inputs = Object.entries(on?.manual?.inputs ?? {});
  return new Map(inputs.map(([name, input]) => [name, input ?? {}]));
}

function judge(name: string, input: ManualInput, value: string | undefined) {
  const help = input.description ?? 'give it a value';
  if (value === undefined) {
    if (input.required !== true) return undefined;
    return { message: `the input ${quote(name)} is missing`, help };
  }
  if (value.length > MAX_VALUE_CHARS) {
    const message = `the input ${quote(name)} is ${value.length} characters long`;
    return { message, help: `the limit is ${MAX_VALUE_CHARS}` };
  }
  const options = input.options?.map(String);
  if (options === undefined || options.includes(value)) return undefined;
  const message = `${quote(value)} is none of the options of ${quote(name)}`;
  return { message, help: () => didYouMean(value, options, `options: ${listed(options)}`) };
}
