/** `secrets set`, `list`, `remove` and `rotate`. A value comes from standard input, and goes nowhere else. */
import type { Client } from '../../client/client.js';
import type { Secret } from '../../client/wire.js';
import type { Given } from '../commands.table.js';
import { connect, repositoryOf } from '../connect.js';
import { CliError, EXIT } from '../exit.js';
import { ago, table } from '../format.js';
import { type Context, listed, type Result } from '../io.js';
import { type PagingOptions, paging, present } from '../options.js';

/** A rotation of many secrets takes several calls; each call wraps up to 2,000. */
const MAX_CALLS = 100;
const MAX_PAGES = 100;

export interface ScopeOptions {
  repository?: string;
  allRepositories?: boolean;
  branch?: string[];
  stage?: string;
}

export async function setCommand(
  context: Context,
  { args, options }: Given<ScopeOptions>,
): Promise<Result> {
  const [name = ''] = args;
  const repository = await repositoryFor(context, options);
  const client = await connect(context);
  const value = await context.io.secret(`Value of ${name} (not shown): `);
  const { branch: branches, stage } = options;
  const secret = await client.secrets.set({
    name,
    value,
    ...present({ repository, branches, stage }),
  });
  const lines = [`${name} is set ${whereOf(secret)}; version ${secret.version}`];
  if (secret.branches.length === 0) {
    lines.push('Runs of every branch get it; "--branch main" narrows that.');
  }
  return { code: EXIT.good, json: secret, lines };
}

export async function listCommand(
  context: Context,
  { options }: Given<PagingOptions & { repository?: string }>,
): Promise<Result> {
  const client = await connect(context);
  const { repository } = options;
  const page = await client.secrets.list({ ...paging(options), ...present({ repository }) });
  const rows = page.items.map((secret) => [
    secret.name,
    secret.repository ?? 'every one',
    secret.branches.join(' ') || 'every one',
    secret.stage ?? '–',
    String(secret.version),
    `${ago(secret.updatedAt)} by ${secret.updatedBy}`,
    secret.keyId,
  ]);
  const head = ['NAME', 'REPOSITORY', 'BRANCHES', 'STAGE', 'VERSION', 'SET', 'KEY'];
  return listed(page, table(head, rows, 'no secrets'));
}

export async function removeCommand(
  context: Context,
  { args, options }: Given<ScopeOptions>,
): Promise<Result> {
  const [name = ''] = args;
  const repository = await repositoryFor(context, options);
  const client = await connect(context);
  const found = await named(client, name, { ...options, ...present({ repository }) });
  const [secret, ...others] = found;
  if (!secret) {
    const detail = `there is no secret "${name}" ${repository ? `of "${repository}"` : 'of every repository'}${options.branch || options.stage ? ' with this scope' : ''}`;
    throw new CliError(EXIT.usage, detail, '"slipway secrets list" shows what there is.');
  }
  if (others.length > 0) {
    const scopes = found.map((one) => `"${name}" ${whereOf(one)}`).join(', ');
    const help = 'Say which one with --branch and --stage, as it was set.';
    throw new CliError(EXIT.usage, `there are ${found.length}: ${scopes}`, help);
  }
  await client.secrets.remove(secret.id);
  const lines = [`${name} ${whereOf(secret)} is removed`];
  return { code: EXIT.good, json: { ...secret, removed: true }, lines };
}

export async function rotateCommand(context: Context): Promise<Result> {
  const client = await connect(context);
  let rotation = await client.secrets.rotate();
  const { isNewKey } = rotation;
  let { rewrapped } = rotation;
  for (let calls = 1; rotation.hasMore && calls < MAX_CALLS; calls++) {
    rotation = await client.secrets.rotate();
    rewrapped += rotation.rewrapped;
  }
  const { keyId, stuck, hasMore } = rotation;
  const counted = `${rewrapped} ${rewrapped === 1 ? 'secret is' : 'secrets are'} wrapped with`;
  const key = `${isNewKey ? 'the new key' : 'the key'} ${keyId}`;
  const lines = [
    `${counted} ${key}`,
    ...(isNewKey
      ? []
      : ['That went on with a rotation that was cut off; rotate again for a new key.']),
    ...stuck.map((one) => `not ${one.name} of ${one.repository ?? 'every repository'}: ${one.why}`),
    ...(hasMore ? ['There are more: rotate again.'] : []),
    'Old keys stay in their folder: backups of the database need them.',
  ];
  const code = stuck.length > 0 || hasMore ? EXIT.errored : EXIT.good;
  return { code, json: { ...rotation, isNewKey, rewrapped }, lines };
}

/** Undefined means every repository. */
async function repositoryFor(
  context: Context,
  { repository, allRepositories }: ScopeOptions,
): Promise<string | undefined> {
  if (!allRepositories) return repositoryOf(context, repository);
  if (repository === undefined) return undefined;
  const message = '--repository and --all-repositories exclude each other';
  throw new CliError(EXIT.usage, message, 'Use one of them.');
}

async function named(
  client: Client,
  name: string,
  { repository, branch, stage }: ScopeOptions,
): Promise<Secret[]> {
  const branches = branch && JSON.stringify([...new Set(branch)].sort());
  const found: Secret[] = [];
  let cursor: string | null | undefined;
  for (let pages = 0; cursor !== null && pages < MAX_PAGES; pages++) {
    const query = { limit: 200, ...present({ repository, cursor }) };
    const { items, next } = await client.secrets.list(query);
    found.push(...items.filter((one) => one.name === name));
    cursor = next;
  }
  return found.filter(
    (one) =>
      one.repository === (repository ?? null) &&
      (branches === undefined || JSON.stringify(one.branches) === branches) &&
      (stage === undefined || one.stage === stage),
  );
}

function whereOf({ repository, branches, stage }: Secret): string {
  const parts = [
    `for ${repository === null ? 'every repository' : `"${repository}"`}`,
    branches.length > 0 ? `on ${branches.join(' ')}` : 'on every branch',
    ...(stage === null ? [] : [`in checks of ${stage}`]),
  ];
  return parts.join(', ');
}
