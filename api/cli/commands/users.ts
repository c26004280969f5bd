/** `users`, `tokens` and `audit`. */
import type { Client } from '../../client/client.js';
import { Scope, type Token } from '../../client/wire.js';
import type { Given } from '../commands.table.js';
import { connect } from '../connect.js';
import { CliError, EXIT } from '../exit.js';
import { ago, table } from '../format.js';
import { type Context, listed, type Result } from '../io.js';
import { type PagingOptions, paging, present, whole } from '../options.js';

interface UserOptions extends PagingOptions {
  team?: string[];
  disable?: boolean;
  enable?: boolean;
}

export async function usersCommand(
  context: Context,
  { args, options }: Given<UserOptions>,
): Promise<Result> {
  const client = await connect(context);
  const [login] = args;
  if (login === undefined) {
    const page = await client.users.list(paging(options));
    const rows = page.items.map(({ login: name, teams, disabled }) => [
      name,
      disabled ? 'disabled' : 'active',
      teams.join(', '),
    ]);
    return listed(page, table(['LOGIN', 'STATE', 'TEAMS'], rows, 'no users'));
  }
  const disabled = options.disable ? true : options.enable ? false : undefined;
  const exists = await isUser(client, login);
  const { team: teams } = options;
  let user = exists ? undefined : await client.users.create({ login, ...present({ teams }) });
  if (exists || disabled !== undefined) {
    user = await client.users.change(login, present({ teams, disabled }));
  }
  const done = exists ? 'changed' : `created; slipway tokens --login ${login} --create NAME`;
  return { code: EXIT.good, json: user, lines: [`${login} is ${done}`] };
}

interface TokenOptions extends PagingOptions {
  create?: string;
  scope?: string[];
  login?: string;
  expiresInDays?: string;
  requestsPerMinute?: string;
  tokensPerMinute?: string;
  revoke?: string;
}

export async function tokensCommand(
  context: Context,
  { options }: Given<TokenOptions>,
): Promise<Result> {
  const { create: name, revoke, login } = options;
  if (name !== undefined && revoke !== undefined) {
    throw new CliError(EXIT.usage, '--create and --revoke exclude each other', 'Use one of them.');
  }
  const client = await connect(context);
  if (revoke !== undefined) {
    await client.users.revokeToken(revoke);
    const lines = [`token ${revoke} is revoked`];
    return { code: EXIT.good, json: { id: revoke, revoked: true }, lines };
  }
  if (name !== undefined) {
    const number = (flag: string, text: string | undefined, max: number) =>
      text === undefined ? undefined : whole(flag, text, max);
    const { requestsPerMinute: requests, tokensPerMinute: tokens } = options;
    const limits = {
      expiresInDays: number('--expires-in-days', options.expiresInDays, 3_650),
      requestsPerMinute: number('--requests-per-minute', requests, 10_000_000),
      tokensPerMinute: number('--tokens-per-minute', tokens, 1_000_000_000),
    };
    const scopes = (options.scope ?? ['read']).map(toScope);
    const token = { name, scopes, ...present({ login, ...limits }) };
    const created = await client.users.createToken(token);
    const lines = [created.token, 'Keep it now: it is not shown again.'];
    return { code: EXIT.good, json: created, lines };
  }
  const page = await client.users.tokens({ ...present({ login }), ...paging(options) });
  const rows = page.items.map((token) => [
    token.id,
    token.login,
    token.name,
    token.scopes.join(','),
    token.revokedAt === null ? (token.expiresAt ?? 'does not expire') : 'revoked',
    token.lastUsedAt === null ? 'never used' : `used ${ago(token.lastUsedAt)}`,
    budgetOf(token),
  ]);
  const head = ['ID', 'LOGIN', 'FOR', 'SCOPES', 'EXPIRES', 'USED', 'A MINUTE'];
  return listed(page, table(head, rows, 'no tokens'));
}

/** What it may ask of models. */
function budgetOf({ requestsPerMinute, tokensPerMinute }: Token): string {
  const parts = [
    requestsPerMinute === null ? [] : `${requestsPerMinute} requests`,
    tokensPerMinute === null ? [] : `${tokensPerMinute} tokens`,
  ];
  return parts.flat().join(', ') || 'all of its user’s';
}

async function isUser(client: Client, login: string): Promise<boolean> {
  let cursor: string | undefined;
  do {
    const page = await client.users.list(present({ cursor }));
    if (page.items.some((user) => user.login === login)) return true;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return false;
}

function toScope(text: string): Scope {
  const scope = Scope.safeParse(text);
  if (scope.success) return scope.data;
  throw new CliError(
    EXIT.usage,
    `there is no scope "${text}"`,
    `Scopes: ${Scope.options.join(', ')}.`,
  );
}

export async function auditCommand(
  context: Context,
  { options }: Given<PagingOptions>,
): Promise<Result> {
  const client = await connect(context);
  const page = await client.audit(paging(options));
  const rows = page.items.map(({ at, by, action, subject, detail }) => [
    at,
    by,
    action,
    subject,
    JSON.stringify(detail),
  ]);
  return listed(page, table(['AT', 'BY', 'ACTION', 'SUBJECT', 'DETAIL'], rows, 'nothing yet'));
}
