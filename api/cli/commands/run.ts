/** `run`: starts a run by hand. */

import type { Given } from '../commands.table.js';
import { connect, repositoryOf } from '../connect.js';
import { EXIT } from '../exit.js';
import type { Context, Result } from '../io.js';
import { pairs, present } from '../options.js';
import { watchRun } from '../watch.js';

interface Options {
  repository?: string;
  ref?: string;
  input?: string[];
  overrideReason?: string;
  watch?: boolean;
}

export async function runCommand(context: Context, { options }: Given<Options>): Promise<Result> {
  const inputs = pairs('--input', options.input);
  const repository = await repositoryOf(context, options.repository);
  const client = await connect(context);
  const { ref, overrideReason } = options;
  const run = await client.runs.start({ repository, inputs, ...present({ ref, overrideReason }) });
  if (options.watch) return watchRun(context, client, run.id);
  return { code: EXIT.good, json: run, lines: [`${run.id} started: slipway watch ${run.id}`] };
}
