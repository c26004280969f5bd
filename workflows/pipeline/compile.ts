/** Compile: a pipeline without findings becomes a Plan, with every default decided. Linear. */
import { MAX_PLAN_BYTES } from '../domain/limits.js';
import { toSeconds } from './duration.js';
import { type LintFinding, toFindings } from './finding.js';
import { lint } from './lint.js';
import type { Plan, PlannedStep, StepOf } from './plan.js';
import type { Pipeline, Step } from './schema.js';
import { METHODS } from './schema.kinds.js';

export type Compiled = { plan: Plan; pipeline: Pipeline } | { findings: LintFinding[] };

/** Lints and compiles a pipeline file. Never throws, whatever the text. */
export function compileText(text: string, file: string): Compiled {
  const { findings, pipeline, lineOf } = lint(text, file);
  if (pipeline === undefined) return { findings };
  const plan = compile(pipeline);
  const bytes = new TextEncoder().encode(JSON.stringify(plan)).length;
  if (bytes <= MAX_PLAN_BYTES) return { plan, pipeline };
  const message = `the plan has ${bytes} bytes; the limit is ${MAX_PLAN_BYTES}`;
  const help = 'move scripts out of the pipeline into files of the repository';
  return { findings: toFindings([{ path: ['steps'], message, help }], file, lineOf) };
}

/** Compiles a pipeline in which `lint` found nothing; for others the plan makes no sense. */
export function compile(pipeline: Pipeline): Plan {
  const steps = Object.entries(pipeline.steps).map(([name, step]) => compileStep(name, step));
  return { pipeline: pipeline.name, steps };
}

/** @throws {Error} when the step has no kind: lint was not asked, or has a hole. */
function compileStep(name: string, step: Step): PlannedStep {
  const { run, build, scan, deploy, check, approve } = step;
  const common = commonOf(name, step);
  if (run !== undefined) return { ...common, kind: 'run', spec: runSpec(run, step) };
  if (build !== undefined) return { ...common, kind: 'build', spec: buildSpec(build) };
  if (scan !== undefined) return { ...common, kind: 'scan', spec: given(scan) };
  if (deploy !== undefined) return { ...common, kind: 'deploy', spec: deploySpec(deploy) };
  if (check !== undefined) return { ...common, kind: 'check', spec: checkSpec(check) };
  if (approve === undefined) throw new Error(`the step "${name}" has no kind`);
  const { timeout, ...spec } = approve;
  const timeoutSeconds = toSeconds(timeout);
  return { ...common, ...given({ timeoutSeconds }), kind: 'approve', spec: given(spec) };
}

function commonOf(name: string, step: Step) {
  const { needs, when, timeout, retry, continueOnError, env, outputs } = step;
  const { secrets, network } = step;
  return {
    name,
    ...given({
      needs: needs?.length === 0 ? undefined : needs,
      when,
      timeoutSeconds: toSeconds(timeout),
      retry: retry && { attempts: retry.attempts, on: retryOn(retry.on) },
      continueOnError: continueOnError === true ? true : undefined,
      env: env && texts(env),
      outputs,
      secrets,
      network,
    }),
  };
}

/** A lost machine is always reason enough to try again. */
function retryOn(on: NonNullable<Step['retry']>['on']) {
  const named = on ?? (['lost', 'errored'] as const);
  return named.includes('lost') ? [...named] : ['lost' as const, ...named];
}

function runSpec(run: NonNullable<Step['run']>, { artifacts, cache }: Step): StepOf<'run'>['spec'] {
  return { commands: list(run), ...given({ artifacts, cache: cache?.map(given) }) };
}

function buildSpec({ kind, run, paths, command, cache }: NonNullable<Step['build']>) {
  const commands = run === undefined ? undefined : list(run);
  return { kind, paths, ...given({ commands, command, cache: cache?.map(given) }) };
}

function deploySpec({ release, stage, health, watch }: NonNullable<Step['deploy']>) {
  return { release, stage, ...given({ health, watchSeconds: toSeconds(watch) }) };
}

function checkSpec({ stage, http, webSocket, run, tries }: NonNullable<Step['check']>) {
  return given({
    stage,
    http: http?.map(httpCheck),
    webSocket: webSocket?.map(({ connect, send, expect }) => ({
      url: connect,
      ...given({ send, contains: expect }),
    })),
    commands: run === undefined ? undefined : list(run),
    tries,
  });
}

type HttpCheck = NonNullable<NonNullable<Step['check']>['http']>[number];

function httpCheck(check: HttpCheck) {
  const { body, headers, expect } = check;
  const method = METHODS.find((name) => check[name] !== undefined) ?? 'get';
  return {
    method: method.toUpperCase() as Uppercase<typeof method>,
    url: check[method] ?? '/',
    ...given({ body, headers, expect: expect && given(expect) }),
  };
}

function list(commands: string | string[]): string[] {
  return typeof commands === 'string' ? [commands] : commands;
}

function texts(values: Record<string, string | number | boolean>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without what is undefined: a plan travels as JSON, and absent means the default. */
function given<T extends object>(fields: T): Given<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<T>;
}
