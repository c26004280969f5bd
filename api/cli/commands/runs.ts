/** `runs`, `show` and `watch`. */
import { short } from '../../../workflows/domain/names.js';
import { isFinal } from '../../../workflows/domain/run.js';
import { clean } from '../../client/narrate.text.js';
import type { Approval, Run } from '../../client/wire.js';
import type { Given } from '../commands.table.js';
import { connect } from '../connect.js';
import { exitOf } from '../exit.js';
import { runRows, table, took, until } from '../format.js';
import { type Context, listed, type Result } from '../io.js';
import { type PagingOptions, paging, present } from '../options.js';
import { findRun } from '../run-ids.js';
import { watchRun } from '../watch.js';

/** Commits of the evidence that are shown. */
const MAX_COMMITS = 5;

interface RunsOptions extends PagingOptions {
  repository?: string;
  branch?: string;
  commit?: string;
  status?: string;
}

export async function runsCommand(
  context: Context,
  { options }: Given<RunsOptions>,
): Promise<Result> {
  const client = await connect(context);
  const { repository, branch, commit, status } = options;
  const filter = present({ repository, branch, commit, status });
  const page = await client.runs.list({ ...filter, ...paging(options) });
  return listed(page, runRows(page.items));
}

export async function showCommand(context: Context, { args }: Given<object>): Promise<Result> {
  const client = await connect(context);
  const run = await findRun(context, client, args[0] ?? '');
  const { items: approvals } = await client.runs.approvals(run.id);
  const open = approvals.filter(({ outcome }) => outcome === null);
  const lines = [...headOf(run), '', ...stepsOf(run), ...open.flatMap(questionOf)];
  return { code: exitOf(run.status), json: { ...run, approvals }, lines };
}

export async function watchCommand(
  context: Context,
  { args, options }: Given<{ toEnd?: boolean }>,
): Promise<Result> {
  const client = await connect(context);
  const run = await findRun(context, client, args[0] ?? '');
  return watchRun(context, client, run.id, { toEnd: options.toEnd === true });
}

function headOf(run: Run): string[] {
  const { trigger } = run;
  const on = run.branch === null ? '' : ` on ${run.branch}`;
  const inputs = Object.entries(trigger.inputs).map(([name, value]) => `${name}=${value}`);
  const fields: [string, string | null][] = [
    ['status', [run.status, run.reason].filter(Boolean).join(': ')],
    ['commit', `${run.commit}${on}`],
    ['started', `${trigger.kind} by ${trigger.by}, took ${took(run)}`],
    ['inputs', inputs.join(' ') || null],
    ['override', trigger.overrideReason ?? null],
    ['history', run.temporalUrl],
  ];
  const shown = fields.flatMap(([name, value]) =>
    value === null ? [] : [`  ${name.padEnd(9)}${clean(value)}`],
  );
  return [`${run.id}  ${clean(run.pipeline)}`, ...shown];
}

function stepsOf({ steps }: Run): string[] {
  const rows = steps.map((step) => [
    step.name,
    step.kind,
    step.status,
    isFinal(step.status) || step.status === 'running' ? took(step) : '–',
    step.attempts > 1 ? String(step.attempts) : '',
    step.reason ?? step.summary ?? '',
  ]);
  return table(['STEP', 'KIND', 'STATUS', 'TOOK', 'TRIES', ''], rows, 'no steps');
}

function questionOf(approval: Approval): string[] {
  const { runId, step, stage, from, required, evidence, expiresAt, decisions } = approval;
  const { change, commits } = evidence;
  const yes = decisions.filter(({ answer }) => answer === 'approve').length;
  const who = from.length === 0 ? 'anybody who may approve' : from.join(', ');
  const since = evidence.comparedTo === null ? 'nothing' : short(evidence.comparedTo);
  const size = `${change.files} files, +${change.insertions} −${change.deletions}`;
  return [
    '',
    `${step} asks ${clean(who)}${stage === null ? '' : ` about ${stage}`}: ${yes} of ${required} approvals, ends ${until(expiresAt)}`,
    `  change   ${short(evidence.commit)} against ${since}: ${size}`,
    ...commits
      .slice(0, MAX_COMMITS)
      .map(
        ({ commit, author, subject }) =>
          `           ${short(commit)} ${clean(subject)} (${clean(author)})`,
      ),
    ...evidence.stages.map(
      ({ stage: name, health, message }) => `  ${name.padEnd(8)} ${health} ${clean(message)}`,
    ),
    `  approve  slipway approve ${runId} ${step}`,
    `  reject   slipway reject ${runId} ${step} -m "why"`,
  ];
}
