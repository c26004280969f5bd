/** Runs as people name them: the id, its number within the repository, or a beginning that fits one. */
import type { Client } from '../client/client.js';
import type { Run } from '../client/wire.js';
import { repositoryOf } from './connect.js';
import { CliError, EXIT } from './exit.js';
import type { Context } from './io.js';

/** Runs that are looked through for a beginning, newest first. */
const LOOKED_THROUGH = 200;
const MAX_SHOWN = 10;

/** @throws {CliError} when nothing or more than one run fits. */
export async function findRun(context: Context, client: Client, named: string): Promise<Run> {
  if (/^\d+$/.test(named)) {
    const repository = await repositoryOf(context, undefined);
    return client.runs.get(`${repository}-${named}`);
  }
  try {
    return await client.runs.get(named);
  } catch (error) {
    if (!(error instanceof Error) || (error as { status?: number }).status !== 404) throw error;
    return client.runs.get(await byBeginning(client, named));
  }
}

async function byBeginning(client: Client, beginning: string): Promise<string> {
  const { items } = await client.runs.list({ limit: LOOKED_THROUGH });
  const fitting = items.map(({ id }) => id).filter((id) => id.startsWith(beginning));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  if (only === undefined) {
    throw new CliError(EXIT.usage, `there is no run "${beginning}"`, 'See "slipway runs".');
  }
  const shown = fitting.slice(0, MAX_SHOWN).join(', ');
  throw new CliError(EXIT.usage, `${fitting.length} runs begin so: ${shown}`, 'Write more of it.');
}
