/** The sample application: brought once, pushed like anybody's, and shown while it is delivered. */
import { execFile } from 'node:child_process';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Client } from '../client/client.js';
import type { Screen } from './screen.js';
import { showRun } from './show-run.js';
import type { Stack } from './stack.js';

const exec = promisify(execFile);
const SOURCE = fileURLToPath(new URL('../../../docs/examples/chat-app', import.meta.url));
/** The stack's own user: it pushes the sample, so that the person at the terminal may approve it. */
const PUSHER = 'slipway';
export const SAMPLE = 'chat-app';
const FIRST_RUN_LIMIT_MS = 30_000;
const POLL_MS = 100;

export interface SampleContext {
  stack: Stack;
  client: Client;
  screen: Screen;
  signal: AbortSignal;
}

/** Brings the sample when its repository is not there yet, and shows its first run until it waits. */
export async function bringSample(context: SampleContext): Promise<void> {
  const { client, screen, stack } = context;
  const { items } = await client.repositories.list();
  if (items.some((repository) => repository.name === SAMPLE)) return;

  const clone = join(stack.home, SAMPLE);
  const commit = await screen.during('sample', async (note) => {
    await makeClone(clone, stack);
    note(`${SAMPLE}, your clone is ${clone}`);
    return head(clone);
  });
  const pushed = push(clone, context);
  pushed.catch(() => {});
  const runId = await Promise.race([firstRun(context, commit), pushed.then(() => undefined)]);
  const id = runId ?? (await firstRun(context, commit));
  screen.line('');
  await showRun({ ...context, runId: id });
  await pushed;
}

async function makeClone(clone: string, stack: Stack): Promise<void> {
  await rm(clone, { recursive: true, force: true });
  await mkdir(clone, { recursive: true });
  await cp(SOURCE, clone, { recursive: true });
  const git = (...args: string[]) => exec('git', ['-C', clone, ...args]);
  await git('init', '--quiet', '--initial-branch=main');
  await git('config', 'user.name', 'Slipway');
  await git('config', 'user.email', 'slipway@localhost');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'A small web chat');
  await git('remote', 'add', 'slipway', `${stack.url}/git/${SAMPLE}.git`);
  // The clone is the user's: it reads the token from the home, and never holds it.
  await git('config', 'credential.helper', credentialHelper(join(stack.home, 'token')));
}

/** A credential helper that reads the token file when Git asks; no secret in the configuration. */
export function credentialHelper(tokenFile: string): string {
  const file = tokenFile.replaceAll("'", "'\\''");
  return `!f() { test "$1" = get && printf 'username=slipway\\npassword=%s\\n' "$(cat '${file}')"; }; f`;
}

async function head(clone: string): Promise<string> {
  return (await exec('git', ['-C', clone, 'rev-parse', 'HEAD'])).stdout.trim();
}

/** Pushes as the stack's own user, with a token that lives only as long as the push. */
async function push(clone: string, { client }: SampleContext): Promise<void> {
  await ensurePusher(client);
  const { token, id } = await client.users.createToken({
    login: PUSHER,
    name: 'first push of the sample',
    scopes: ['admin'],
  });
  try {
    const helper = `!f() { printf 'username=${PUSHER}\\npassword=%s\\n' "$SLIPWAY_TOKEN"; }; f`;
    const asPusher = ['-c', 'credential.helper=', '-c', `credential.helper=${helper}`];
    await exec('git', ['-C', clone, ...asPusher, 'push', '--quiet', 'slipway', 'main'], {
      env: { ...process.env, SLIPWAY_TOKEN: token, GIT_TERMINAL_PROMPT: '0' },
      maxBuffer: 16 * 1_048_576,
    });
  } finally {
    await client.users.revokeToken(id);
  }
}

async function ensurePusher(client: Client): Promise<void> {
  const { items } = await client.users.list();
  if (items.some((user) => user.login === PUSHER)) return;
  await client.users.create({ login: PUSHER, teams: [] });
}

/** The id of the run that the push starts. Asks until it is there, at most 30 s. */
async function firstRun({ client, signal }: SampleContext, commit: string): Promise<string> {
  const deadline = performance.now() + FIRST_RUN_LIMIT_MS;
  while (performance.now() < deadline) {
    const { items } = await client.runs.list({ repository: SAMPLE, commit });
    if (items[0]) return items[0].id;
    await wait(POLL_MS, undefined, { signal });
  }
  throw new Error('the push of the sample started no run within 30 s; see the log of the API');
}
