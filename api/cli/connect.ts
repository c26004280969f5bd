/** Where the API is, who we are, and which repository is meant. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Client } from '../client/client.js';
import { CliError, EXIT } from './exit.js';
import type { Context, Io } from './io.js';

const DEFAULT_URL = 'http://127.0.0.1:7800';
const REMOTE = 'slipway';
const exec = promisify(execFile);

export interface Place {
  url: string;
  /** Undefined: only what needs no token can be asked. */
  token: string | undefined;
  /** The folder that both came from; undefined when the environment said both. */
  home: string | undefined;
}

/** SLIPWAY_URL and SLIPWAY_TOKEN, else the files `url` and `token` of the home. */
export function findPlace({ env, cwd }: Pick<Io, 'env' | 'cwd'>): Place {
  const home = findHome(env, cwd);
  const read = (name: string) => (home === undefined ? undefined : readText(join(home, name)));
  return {
    url: env['SLIPWAY_URL'] || read('url') || DEFAULT_URL,
    token: env['SLIPWAY_TOKEN'] || read('token'),
    home,
  };
}

export async function connect({ io }: Context): Promise<Client> {
  const { url, token } = findPlace(io);
  if (!token) {
    throw new CliError(
      EXIT.errored,
      'there is no token: neither SLIPWAY_TOKEN, nor a folder .slipway with a file "token"',
      'Run this in or below the folder of "npm start", or set SLIPWAY_HOME or SLIPWAY_TOKEN.',
    );
  }
  const { createClient } = await import('../client/client.js');
  return createClient({ url, token });
}

/** SLIPWAY_HOME, else the nearest `.slipway` that a stack made, else that of this very package. */
function findHome(env: NodeJS.ProcessEnv, cwd: string): string | undefined {
  if (env['SLIPWAY_HOME']) return resolve(cwd, env['SLIPWAY_HOME']);
  const near = upwards(cwd).map((folder) => join(folder, '.slipway'));
  const own = join(packageRoot(), '.slipway');
  return near.find(isOfThisMachine) ?? (existsSync(join(own, 'token')) ? own : undefined);
}

/**
 * Whether a stack of ours made this folder. A repository may carry one, to be sent what we say and know:
 * a checkout's files are not private, and a stack that needs no SLIPWAY_HOME answers on this machine.
 */
function isOfThisMachine(home: string): boolean {
  const about = statSync(join(home, 'token'), { throwIfNoEntry: false });
  if (about === undefined || (process.platform !== 'win32' && (about.mode & 0o077) !== 0))
    return false;
  const url = readText(join(home, 'url'));
  return url === undefined || (URL.canParse(url) && LOCAL.test(new URL(url).hostname));
}

const LOCAL = /^(127\.\d+\.\d+\.\d+|localhost|0\.0\.0\.0|\[::1?\])$/;

/** The folder of our package.json: one level higher for compiled code than for sources. */
export function packageRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return upwards(here).find((folder) => existsSync(join(folder, 'package.json'))) ?? here;
}

/** What was given, else what the remote `slipway` names, else the folder's name. */
export async function repositoryOf({ io }: Context, given: string | undefined): Promise<string> {
  if (given) return given;
  const found = (await repositoryOfRemote(io.cwd)) ?? folderName(await topLevel(io.cwd));
  if (found) return found;
  throw new CliError(
    EXIT.usage,
    `which repository? ${io.cwd} is no clone with a remote "${REMOTE}"`,
    'Name it with --repository NAME.',
  );
}

export async function repositoryOfRemote(cwd: string): Promise<string | undefined> {
  const url = await gitText(cwd, ['remote', 'get-url', REMOTE]);
  return url && /\/git\/([^/]+)\.git$/.exec(url)?.[1];
}

/** The top of the working copy; undefined outside of one. */
export function topLevel(cwd: string): Promise<string | undefined> {
  return gitText(cwd, ['rev-parse', '--show-toplevel']);
}

/** What git prints, without the line end; undefined when it says no. */
export async function gitText(cwd: string, args: string[]): Promise<string | undefined> {
  return exec('git', args, { cwd }).then(
    ({ stdout }) => stdout.trim() || undefined,
    () => undefined,
  );
}

function folderName(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name.slice(0, 40).replace(/-+$/, '') || undefined;
}

/** The folder and all above it, nearest first. */
export function upwards(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...upwards(above)];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
