/** `push`: git push to Slipway without setting anything up, and an exit code that tells the run's status. */
import { spawn } from 'node:child_process';
import type { Client } from '../../client/client.js';
import type { RunSummary } from '../../client/wire.js';
import type { Given } from '../commands.table.js';
import { connect, findPlace, gitText, repositoryOf, repositoryOfRemote } from '../connect.js';
import { withToken } from '../credentials.js';
import { CliError, EXIT, exitOf } from '../exit.js';
import type { Context, Io, Result } from '../io.js';
import { patiently } from '../patience.js';
import { watchRun } from '../watch.js';

const REMOTE = 'slipway';
/** Said by git when our hook refused the push: Slipway could not take it. */
const DECLINED =
  'pre-receive hook declined'; /** Said by git when the other side vanished: the push may have been accepted before. */
const BROKEN = /RPC failed|hung up|unexpected disconnect/;
/** How long an accepted push may take to get its run when the API starts again, milliseconds. */
const BROKEN_LIMIT_MS = 20_000;

interface Options {
  repository?: string;
  force?: boolean;
}

export async function pushCommand(
  context: Context,
  { args, options }: Given<Options>,
): Promise<Result> {
  const { io } = context;
  const client = await connect(context);
  const { url, token = '' } = findPlace(io);
  const repository = await ensureRemote(context, url, options.repository);
  const refs = args.filter((arg) => arg !== undefined);
  const wanted = refs.length > 0 ? refs : [await currentBranch(io.cwd)];
  const force = options.force ? ['--force'] : [];
  // After "--" nothing that a branch is called can be an option.
  const pushed = await git(
    io,
    ['push', ...force, '--', REMOTE, ...wanted],
    withToken(io.env, url, token),
  );
  const commit = await commitOf(io.cwd, wanted.at(-1) ?? 'HEAD');
  if (pushed.code !== 0) {
    const kept = BROKEN.test(pushed.said)
      ? await patiently(io, () => newestRun(client, repository, commit), BROKEN_LIMIT_MS)
      : undefined;
    if (!kept) throw refusal(pushed, url);
    io.err('the connection broke; the push was accepted, and its run goes on');
    return watchRun(context, client, kept.id);
  }
  const run = await newestRun(client, repository, commit);
  if (!run) return { code: EXIT.good, json: null, lines: ['pushed; no run was started'] };
  return { code: exitOf(run.status), json: run, lines: [] };
}

/** Adds the remote where it is missing. Never writes the token into it. */
async function ensureRemote(
  context: Context,
  url: string,
  given: string | undefined,
): Promise<string> {
  const { io } = context;
  const known = await repositoryOfRemote(io.cwd);
  if (known !== undefined && (given === undefined || given === known)) return known;
  const repository = await repositoryOf(context, given);
  const address = `${url.replace(/\/+$/, '')}/git/${repository}.git`;
  const isThere = (await gitText(io.cwd, ['remote', 'get-url', REMOTE])) !== undefined;
  const verb = isThere ? 'set-url' : 'add';
  const { code, said } = await git(
    { ...io, err: () => undefined },
    ['remote', verb, REMOTE, address],
    io.env,
  );
  if (code !== 0)
    throw new CliError(EXIT.usage, said.trim(), 'Run this in a clone of a repository.');
  io.err(`remote "${REMOTE}" is ${address}`);
  return repository;
}

function refusal({ said }: Pushed, url: string): CliError {
  if (said.includes(DECLINED)) {
    return new CliError(EXIT.errored, 'Slipway refused the push', 'See above; then push again.');
  }
  if (said.includes('[rejected]') || said.includes('[remote rejected]')) {
    return new CliError(
      EXIT.no,
      'git refused the push',
      'See above; "git pull" first, or --force.',
    );
  }
  if (said.includes('src refspec')) {
    return new CliError(EXIT.usage, 'there is no such branch or commit', 'Commit first.');
  }
  const help = `Does the remote "${REMOTE}" point at ${url}? "slipway doctor" shows how things are.`;
  return new CliError(EXIT.errored, 'the push did not work', help);
}

async function currentBranch(cwd: string): Promise<string> {
  const branch = await gitText(cwd, ['symbolic-ref', '--short', 'HEAD']);
  if (branch !== undefined) return branch;
  throw new CliError(EXIT.usage, 'no branch is checked out', 'Name one: slipway push HEAD:main');
}

/** Of `branch`, `from:to` or `+from:to`; a deleted branch has none. */
async function commitOf(cwd: string, refspec: string): Promise<string | undefined> {
  const from = refspec.replace(/^\+/, '').split(':')[0];
  return from ? gitText(cwd, ['rev-parse', `${from}^{commit}`]) : undefined;
}

async function newestRun(
  client: Client,
  repository: string,
  commit: string | undefined,
): Promise<RunSummary | undefined> {
  if (commit === undefined) return undefined;
  return (await client.runs.list({ repository, commit, limit: 1 })).items[0];
}

interface Pushed {
  code: number | null;
  said: string;
}

/** What git says goes on to the person at once: that is where the run is told. */
function git(io: Io, args: string[], env: NodeJS.ProcessEnv): Promise<Pushed> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd: io.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let open = '';
    const hear = (part: Buffer) => {
      const text = part.toString();
      said = (said + text).slice(-100_000);
      const lines = `${open}${text}`.split('\n');
      open = lines.pop() ?? '';
      for (const line of lines) io.err(line.replace(/ +$/, ''));
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('close', (code) => {
      if (open) io.err(open);
      resolve({ code, said });
    });
  });
}
