/** `approve`, `reject` and `cancel`: what a person may say to a run. */
import type { Answer } from '../../../workflows/domain/gate.js';
import type { Given } from '../commands.table.js';
import { connect } from '../connect.js';
import { CliError, EXIT } from '../exit.js';
import type { Context, Result } from '../io.js';
import { findRun } from '../run-ids.js';

interface Options {
  message?: string;
}

export function approveCommand(context: Context, given: Given<Options>): Promise<Result> {
  return answer(context, given, 'approve');
}

export async function rejectCommand(context: Context, given: Given<Options>): Promise<Result> {
  if (!given.options.message?.trim()) {
    throw new CliError(EXIT.usage, 'a rejection needs a reason', 'Add -m "why".');
  }
  return answer(context, given, 'reject');
}

export async function cancelCommand(
  context: Context,
  { args, options }: Given<Options>,
): Promise<Result> {
  const client = await connect(context);
  const { id } = await findRun(context, client, args[0] ?? '');
  const reason = options.message;
  const cancelled = await client.runs.cancel(id, reason === undefined ? {} : { reason });
  const lines = [`${id} stops, and puts back what it deployed: slipway watch ${id}`];
  return { code: EXIT.good, json: { id, ...cancelled }, lines };
}

async function answer(
  context: Context,
  { args, options }: Given<Options>,
  said: Answer['answer'],
): Promise<Result> {
  const client = await connect(context);
  const [named = '', step] = args;
  const { id } = await findRun(context, client, named);
  const given: Answer = {
    answer: said,
    ...(options.message === undefined ? {} : { reason: options.message }),
  };
  const state =
    step === undefined
      ? await client.runs.decide(id, given)
      : await client.approvals.answer(id, step, given);
  const votes = `${state.approvals} of ${state.required} approvals`;
  const next =
    state.state === 'open' ? `the gate stays open: ${votes}` : `${state.state}, ${votes}`;
  return {
    code: EXIT.good,
    json: { id, ...state },
    lines: [`${id}: ${next}`, `  watch: slipway watch ${id}`],
  };
}
