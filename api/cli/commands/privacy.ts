/** `privacy export` and `privacy erase`. */
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ErasureReport } from '../../client/wire.privacy.js';
import type { Given } from '../commands.table.js';
import { connect } from '../connect.js';
import { CliError, EXIT } from '../exit.js';
import type { Context, Result } from '../io.js';

/** Into a file that is there only when it is whole, readable for its owner only. */
export async function exportCommand(
  context: Context,
  { options }: Given<{ login?: string; out?: string }>,
): Promise<Result> {
  const client = await connect(context);
  const login = options.login ?? (await client.users.me()).login;
  const path = resolve(context.io.cwd, options.out ?? `${login}.ndjson`);
  if (existsSync(path)) {
    throw new CliError(EXIT.usage, `${path} is there already`, 'Name another one with --out FILE.');
  }
  const counts: Record<string, number> = {};
  const items = client.privacy.export(options.login);
  const lines = async function* () {
    for await (const item of items) {
      counts[item.kind] = (counts[item.kind] ?? 0) + 1;
      yield `${JSON.stringify(item)}\n`;
    }
  };
  const part = `${path}.part`;
  try {
    await pipeline(Readable.from(lines()), createWriteStream(part, { mode: 0o600 }));
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  const json = { login, file: path, counts };
  return { code: EXIT.good, json, lines: [`${path}: ${said(counts)}`] };
}

export async function eraseCommand(
  context: Context,
  { args, options }: Given<{ confirm?: string }>,
): Promise<Result> {
  const [login = ''] = args;
  if (options.confirm !== login) {
    throw new CliError(
      EXIT.usage,
      `nothing brings back what "${login}" said once it is erased`,
      `If that is wanted, say it again: --confirm ${login}`,
    );
  }
  const client = await connect(context);
  const report = await client.privacy.erase(login, login);
  return { code: report.isComplete ? EXIT.good : EXIT.errored, json: report, lines: told(report) };
}

function told({ login, id, erased, left, isComplete, notes }: ErasureReport): string[] {
  const verdict = isComplete
    ? 'looked again: nothing is left'
    : `still there: ${said(left)}; erase again`;
  return [
    `${login}: erased ${said(erased)}`,
    verdict,
    ...notes.map((note) => `  ${note}`),
    `report ${id}`,
  ];
}

function said(counts: Record<string, number>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.map(([kind, count]) => `${count} ${kind}`).join(', ') || 'nothing';
}
