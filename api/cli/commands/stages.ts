/** `stages`, `releases` and `rollback`. */
import { short } from '../../../workflows/domain/names.js';
import type { Client } from '../../client/client.js';
import type { Stage } from '../../client/wire.js';
import type { Given } from '../commands.table.js';
import { connect, repositoryOf } from '../connect.js';
import { CliError, EXIT } from '../exit.js';
import { ago, table } from '../format.js';
import { type Context, listed, type Result } from '../io.js';
import { type PagingOptions, paging, present } from '../options.js';
import { watchRun } from '../watch.js';

const FULL_DIGEST = /^sha256:[0-9a-f]{64}$/;
/** Digits of a shortened digest at least; releases that are looked through for it. */
const MIN_DIGITS = 6;
const LOOKED_THROUGH = 200;

interface OfRepository extends PagingOptions {
  repository?: string;
}

export async function stagesCommand(
  context: Context,
  { options }: Given<OfRepository>,
): Promise<Result> {
  const client = await connect(context);
  const { repository } = options;
  const page = await client.stages.list({ ...present({ repository }), ...paging(options) });
  const head = ['STAGE', 'HEALTH', 'SERVES', 'SINCE', 'ADDRESS', 'QUEUE'];
  return listed(page, table(head, page.items.map(stageRow), 'no stages'));
}

function stageRow({ repository, name, health, message, serving, history, url, queue }: Stage) {
  const last = history[0];
  return [
    `${repository}/${name}`,
    health === 'healthy' || message === '' ? health : `${health}: ${message}`,
    serving === null ? 'nothing' : `${short(serving.commit)} of ${serving.runId}`,
    last === undefined ? '–' : `${last.kind}, ${ago(last.at)}`,
    url ?? '–',
    queue.map(({ runId, state }) => `${runId} ${state}`).join(', '),
  ];
}

export async function releasesCommand(
  context: Context,
  { options }: Given<OfRepository>,
): Promise<Result> {
  const client = await connect(context);
  const { repository } = options;
  const page = await client.releases.list({ ...present({ repository }), ...paging(options) });
  const rows = page.items.map(({ digest, repository: of, commit, runId, artifacts, createdAt }) => [
    digest.slice(0, 'sha256:'.length + 12),
    of,
    short(commit),
    runId,
    artifacts.map(({ name }) => name).join(', '),
    ago(createdAt),
  ]);
  const head = ['DIGEST', 'REPOSITORY', 'COMMIT', 'RUN', 'ARTIFACTS', 'WHEN'];
  return listed(page, table(head, rows, 'no releases'));
}

interface RollbackOptions {
  to?: string;
  message?: string;
  watch?: boolean;
}

export async function rollbackCommand(
  context: Context,
  { args, options }: Given<RollbackOptions>,
): Promise<Result> {
  const parts = (args[0] ?? '').split('/');
  const stage = parts.pop() ?? '';
  const repository = await repositoryOf(context, parts.join('/') || undefined);
  const client = await connect(context);
  const digest =
    options.to === undefined ? undefined : await fullDigest(client, repository, options.to);
  const asked = present({ reason: options.message?.trim() || undefined, digest });
  const run = await client.stages.rollback(repository, stage, asked);
  if (options.watch) return watchRun(context, client, run.id);
  const lines = [`${run.id} rolls ${repository}/${stage} back: slipway watch ${run.id}`];
  return { code: EXIT.good, json: run, lines };
}

/** A digest as people write it: all of it, or a beginning that fits one release. */
async function fullDigest(client: Client, repository: string, given: string): Promise<string> {
  if (FULL_DIGEST.test(given)) return given;
  const digits = given.replace(/^sha256:/, '');
  if (!/^[0-9a-f]+$/.test(digits) || digits.length < MIN_DIGITS) {
    throw new CliError(EXIT.usage, `"${given}" is no digest`, 'See "slipway releases".');
  }
  const { items } = await client.releases.list({ repository, limit: LOOKED_THROUGH });
  const fitting = items.map(({ digest }) => digest).filter((d) => d.startsWith(`sha256:${digits}`));
  const [only] = new Set(fitting);
  if (only !== undefined && new Set(fitting).size === 1) return only;
  const what = only === undefined ? 'no release begins' : 'more than one release begins';
  throw new CliError(EXIT.usage, `${what} with "${given}"`, 'See "slipway releases".');
}
