/** `logs`: what a run's steps said. */
import type { Client } from '../../client/client.js';
import { cleanLines } from '../../client/narrate.text.js';
import type { Given } from '../commands.table.js';
import { connect } from '../connect.js';
import { CliError, EXIT } from '../exit.js';
import { type Context, listed, type Result } from '../io.js';
import { type PagingOptions, paging } from '../options.js';
import { findRun } from '../run-ids.js';

interface Options extends PagingOptions {
  follow?: boolean;
}

export async function logsCommand(
  context: Context,
  { args, options }: Given<Options>,
): Promise<Result> {
  const [named = '', step] = args;
  if (options.follow && context.json) {
    const why = '--follow and --json exclude each other';
    throw new CliError(EXIT.usage, why, '--json prints one document; follow without it.');
  }
  const client = await connect(context);
  const { id, steps } = await findRun(context, client, named);
  if (step !== undefined && !steps.some(({ name }) => name === step)) {
    const known = steps.map(({ name }) => name).join(', ');
    throw new CliError(EXIT.usage, `${id} has no step "${step}"`, `Its steps: ${known}.`);
  }
  if (options.follow) return follow(context, client, id, step);
  if (!context.json) {
    const text = await client.runs.logText(id, step);
    return { code: EXIT.good, json: null, lines: cleanLines(text) };
  }
  const { limit, cursor } = paging(options);
  const page = await client.runs.logs(id, {
    ...(step === undefined ? {} : { step }),
    ...(limit === undefined ? {} : { limit }),
    ...(cursor === undefined ? {} : { after: Number(cursor) }),
  });
  return listed(page, []);
}

/** Whole lines as they come; with their step in front where there is more than one. */
async function follow(
  { io }: Context,
  client: Client,
  id: string,
  step: string | undefined,
): Promise<Result> {
  const open = new Map<string, string>();
  const say = (from: string, text: string) => {
    for (const line of cleanLines(text)) io.out(step === undefined ? `${from} | ${line}` : line);
  };
  try {
    for await (const { event, data } of client.runs.events(id, { signal: io.interrupted })) {
      if (event !== 'log' || (step !== undefined && data.step !== step)) continue;
      const text = (open.get(data.step) ?? '') + data.text;
      const end = text.lastIndexOf('\n') + 1;
      say(data.step, text.slice(0, end));
      open.set(data.step, text.slice(end));
    }
  } catch (error) {
    if (!io.interrupted.aborted) throw error;
    io.err(`left; the run goes on: slipway logs ${id} --follow`);
  }
  for (const [from, text] of open) say(from, text);
  return { code: EXIT.good, json: null, lines: [] };
}
