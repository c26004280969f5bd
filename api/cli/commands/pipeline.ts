/** `lint` and `plan`: the uncommitted tree, offline, with the planner that the stack uses. */
import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { compileText } from '../../../workflows/pipeline/compile.js';
import { formatFinding, type LintFinding } from '../../../workflows/pipeline/finding.js';
import { type PlannedStepView, preview } from '../../../workflows/pipeline/preview.js';
import { matchesManual, matchesPush } from '../../../workflows/pipeline/triggers.js';
import type { Given } from '../commands.table.js';
import { gitText, upwards } from '../connect.js';
import { CliError, EXIT } from '../exit.js';
import { table } from '../format.js';
import type { Context, Io, Result } from '../io.js';

const NAMES = ['.slipway/pipeline.yaml', '.slipway/pipeline.yml'];
const DEFAULT_BRANCH = 'main';

export async function lintCommand({ io }: Context, { args }: Given<object>): Promise<Result> {
  const { text, file } = await readPipeline(io, args[0]);
  const compiled = compileText(text, file);
  if ('findings' in compiled) return refused(compiled.findings);
  const { steps } = compiled.plan;
  return {
    code: EXIT.good,
    json: { valid: true, findings: [] },
    lines: [`${file}: nothing is wrong; ${count(steps.length, 'step')}`],
  };
}

interface PlanOptions {
  branch?: string;
  since?: string;
  manual?: boolean;
}

export async function planCommand(
  { io }: Context,
  { args, options }: Given<PlanOptions>,
): Promise<Result> {
  const { text, file } = await readPipeline(io, args[0]);
  const compiled = compileText(text, file);
  if ('findings' in compiled) {
    const { json, ...said } = refused(compiled.findings);
    return { ...said, json: { ...(json as object), pipeline: null, steps: [] } };
  }
  const { plan, pipeline } = compiled;
  const start = options.manual
    ? matchesManual(pipeline)
    : matchesPush(pipeline, {
        branch: options.branch ?? (await currentBranch(io.cwd)),
        changedPaths: await changedSince(io.cwd, options.since),
      });
  const steps = preview(plan, start);
  const json = { valid: true, findings: [], pipeline: plan.pipeline, steps };
  const head = `${plan.pipeline}: ${start.runs ? 'runs' : 'does not run'}, ${start.why}`;
  return { code: EXIT.good, json, lines: [head, '', ...rowsOf(steps)] };
}

function rowsOf(steps: readonly PlannedStepView[]): string[] {
  const rows = steps.map(({ wave, name, kind, runs, why }) => [
    String(wave),
    runs ? '▸' : '–',
    name,
    kind,
    why,
  ]);
  return table(['WAVE', '', 'STEP', 'KIND', 'WHY'], rows, 'no steps');
}

function refused(findings: LintFinding[]): Result {
  return {
    code: EXIT.no,
    json: { valid: false, findings },
    lines: [...findings.map(formatFinding), count(findings.length, 'finding')],
  };
}

async function readPipeline(
  { cwd }: Io,
  given: string | undefined,
): Promise<{ text: string; file: string }> {
  const candidates = given
    ? [resolve(cwd, given)]
    : upwards(cwd).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  for (const path of candidates) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return { text, file: relative(cwd, path) || path };
  }
  const what = given ? `there is no file "${given}"` : 'there is no .slipway/pipeline.yaml here';
  throw new CliError(EXIT.usage, what, 'docs/guides/first-pipeline.md shows how to write one.');
}

async function currentBranch(cwd: string): Promise<string> {
  return (await gitText(cwd, ['symbolic-ref', '--short', 'HEAD'])) ?? DEFAULT_BRANCH;
}

/** Null, "not known", unless asked for: then the committed and the uncommitted changes since. */
async function changedSince(cwd: string, ref: string | undefined): Promise<string[] | null> {
  if (ref === undefined) return null;
  const diff = ['diff', '--name-only', '--no-renames', '--end-of-options', ref];
  if ((await gitText(cwd, ['rev-parse', '--verify', '--quiet', ref])) === undefined) {
    throw new CliError(EXIT.usage, `git knows no "${ref}"`, 'Give --since a commit or a branch.');
  }
  const changed = (await gitText(cwd, diff)) ?? '';
  const added = (await gitText(cwd, ['ls-files', '--others', '--exclude-standard'])) ?? '';
  return `${changed}\n${added}`.split('\n').filter(Boolean);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
