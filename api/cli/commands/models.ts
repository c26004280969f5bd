/** `models list`, `show`, `serve`, `stop` and `remove`. */
import { setTimeout as wait } from 'node:timers/promises';
import { ApiProblem, type Client } from '../../client/client.js';
import type { Model, Pull, Serving } from '../../client/wire.models.js';
import type { Given } from '../commands.table.js';
import { connect } from '../connect.js';
import { CliError, EXIT, type ExitCode } from '../exit.js';
import { ago, table } from '../format.js';
import type { Context, Result } from '../io.js';
import { type PagingOptions, paging, present, whole } from '../options.js';
import { patiently } from '../patience.js';
import { size } from '../progress.js';

export interface ServeOptions {
  as?: string;
  adapter?: string;
  challenger?: boolean;
  share?: string;
  wait?: boolean;
}

const POLL_MS = 300;
/** Large models take long to load; they go on without us. Milliseconds (10 min). */
const LOAD_LIMIT_MS = 600_000;

export async function listCommand(
  context: Context,
  { options }: Given<PagingOptions>,
): Promise<Result> {
  const client = await connect(context);
  const [page, { items: pulls }, { items: servings }] = await Promise.all([
    client.models.list(paging(options)),
    client.models.pulls(),
    client.models.servings(),
  ]);
  const open = pulls.filter(({ state }) => state !== 'done');
  const rows = page.items.map((model) => [
    model.name,
    model.kind,
    model.architecture,
    weights(model.parameters),
    model.quantisation,
    model.contextTokens === null ? '–' : String(model.contextTokens),
    size(model.bytes),
    model.servedAs.join(' ') || '–',
    `${ago(model.createdAt)} by ${model.createdBy}`,
  ]);
  const head = [
    'NAME',
    'KIND',
    'ARCHITECTURE',
    'WEIGHTS',
    'QUANT',
    'CONTEXT',
    'SIZE',
    'SERVED AS',
    'PULLED',
  ];
  const none = 'no models; "slipway models pull <path | URL | hf:owner/name:file>" brings one';
  const more = page.next === null ? [] : [`more: --cursor ${page.next}`];
  return {
    code: EXIT.good,
    json: { ...page, pulls: open, servings },
    lines: [
      ...table(head, rows, none),
      ...more,
      ...(servings.length > 0 ? ['', ...servings.map(stateOf)] : []),
      ...pullLines(open),
    ],
  };
}

export async function showCommand(context: Context, { args }: Given<object>): Promise<Result> {
  const [wanted = ''] = args;
  const client = await connect(context);
  const { items } = await client.models.servings();
  // Who knows under which name it serves means what serves there.
  const served = items.find((one) => one.name === wanted && one.slot === 'champion');
  const model = await client.models.get(wanted).catch((error: unknown) => {
    if (!(error instanceof ApiProblem && error.status === 404)) throw error;
    if (served) return client.models.get(served.model);
    const help = '"slipway models list" shows them, and what is served.';
    throw new CliError(EXIT.usage, `there is no model "${wanted}"`, help);
  });
  const { name } = model;
  const servings = items.filter((one) => one.model === name || one.adapter === name);
  const lines = [...about(model), ...servings.map((one) => `served      ${stateOf(one)}`)];
  return { code: EXIT.good, json: { ...model, servings }, lines };
}

export async function serveCommand(
  context: Context,
  { args, options }: Given<ServeOptions>,
): Promise<Result> {
  const [model = ''] = args;
  const { as = model, adapter, challenger = false, share } = options;
  if (!challenger && share !== undefined) {
    const help = 'A champion gets what its challenger does not.';
    throw new CliError(EXIT.usage, '--share is a challenger’s', help);
  }
  const client = await connect(context);
  const serving = await client.models.serve({
    name: as,
    model,
    slot: challenger ? 'challenger' : 'champion',
    share: share === undefined ? 0 : whole('--share', share, 100),
    ...present({ adapter }),
  });
  const served = options.wait === false ? serving : await untilLoaded(context, client, serving);
  return { code: codeOf(served, options), json: served, lines: [stateOf(served)] };
}

export async function stopCommand(
  context: Context,
  { args, options }: Given<{ challenger?: boolean }>,
): Promise<Result> {
  const [name = ''] = args;
  const slot = options.challenger ? 'challenger' : 'champion';
  const client = await connect(context);
  await client.models.unserve(name, slot);
  return {
    code: EXIT.good,
    json: { name, slot, stopped: true },
    lines: [`${name} (${slot}) is served no more`],
  };
}

export async function removeCommand(
  context: Context,
  { args, options }: Given<{ pull?: boolean }>,
): Promise<Result> {
  const [name = ''] = args;
  const client = await connect(context);
  if (options.pull !== true) {
    await client.models.remove(name);
    return { code: EXIT.good, json: { name, removed: true }, lines: [`${name} is removed`] };
  }
  const { items } = await client.models.pulls();
  const open = items.filter((pull) => pull.state !== 'done' && [pull.name, pull.id].includes(name));
  if (open.length === 0) {
    const help = '"slipway models list" shows what is under way.';
    throw new CliError(EXIT.usage, `there is no pull "${name}" under way`, help);
  }
  for (const { id } of open) await client.models.discardPull(id);
  return {
    code: EXIT.good,
    json: { name, removed: true, pulls: open },
    lines: [`the pull of ${name} is given up`],
  };
}

/** Of the replica that answers. Ctrl-C leaves it loading. */
async function untilLoaded({ io }: Context, client: Client, begun: Serving): Promise<Serving> {
  const deadline = performance.now() + LOAD_LIMIT_MS;
  const { name, slot, version } = begun;
  let serving = begun;
  while (!['ready', 'failed'].includes(serving.state) && !io.interrupted.aborted) {
    if (performance.now() > deadline) break;
    await wait(POLL_MS, undefined, { signal: io.interrupted }).catch(() => undefined);
    const { items } = (await patiently(io, () => client.models.servings())) ?? { items: [] };
    const found = items.find((one) => one.name === name && one.slot === slot);
    if (!found || found.version !== version) break;
    serving = found;
  }
  return serving;
}

function codeOf({ state }: Serving, { wait: waits }: ServeOptions): ExitCode {
  if (state === 'failed') return EXIT.errored;
  return state === 'ready' || waits === false ? EXIT.good : EXIT.waiting;
}

function stateOf({ name, slot, model, adapter, share, state, reason }: Serving): string {
  const what = adapter === null ? model : `${model} with ${adapter}`;
  const part = slot === 'champion' ? '' : ` as challenger for ${share} %`;
  const words = { absent: 'to be loaded', loading: 'loading', ready: 'ready', failed: 'failed' };
  return `${name}: ${what}${part}: ${words[state]}${reason ? `: ${reason}` : ''}`;
}

function about(model: Model): string[] {
  const context = model.contextTokens === null ? '–' : `${model.contextTokens} tokens`;
  const template = model.hasChatTemplate ? 'yes' : 'no: a general one is used';
  return [
    `name        ${model.name}`,
    `digest      ${model.digest}`,
    `source      ${model.source}`,
    `kind        ${model.kind}`,
    `file        ${model.architecture}, ${weights(model.parameters)} weights, ${model.quantisation}, ${size(model.bytes)}`,
    `context     ${context}`,
    ...(model.kind === 'base' ? [`template    ${template}`] : []),
    `pulled      ${ago(model.createdAt)} by ${model.createdBy}`,
  ];
}

function pullLines(pulls: readonly Pull[]): string[] {
  return pulls.map(({ name, state, bytes, totalBytes, source, failure }) => {
    const far = totalBytes === null ? size(bytes) : `${size(bytes)} of ${size(totalBytes)}`;
    const why = failure ? `: ${failure.message}` : '';
    return `${state} ${name}, ${far}, from ${source}${why}`;
  });
}

/** `270.1 M`. */
function weights(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} B`;
  return count >= 1e6 ? `${(count / 1e6).toFixed(1)} M` : String(count);
}
