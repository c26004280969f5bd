/** `doctor`: everything that Slipway needs, one line each, and what to do about what is not good. */
import { execFile } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from '../../client/client.js';
import { Health } from '../../client/wire.js';
import { findPlace, type Place } from '../connect.js';
import { EXIT } from '../exit.js';
import type { Context, Result } from '../io.js';

const MIN_NODE = 20;
const MIN_GIT = [2, 31] as const;
/** Free space below which artifacts and logs soon have no room, bytes (2 GiB). */
const MIN_FREE_BYTES = 2_147_483_648;
const ANSWER_LIMIT_MS = 5_000;
const exec = promisify(execFile);

interface Check {
  name: string;
  ok: boolean;
  detail: string;
  /** What to do; empty when it is good. */
  help: string;
}

const good = (name: string, detail: string): Check => ({ name, ok: true, detail, help: '' });
const bad = (name: string, detail: string, help: string): Check => ({
  name,
  ok: false,
  detail,
  help,
});

export async function doctorCommand({ io }: Context): Promise<Result> {
  const place = findPlace(io);
  const checks = [
    node(),
    await git(),
    await disk(place, io.cwd),
    ...(await executor(place)),
    ...(await ports(place)),
    ...(await api(place)),
  ];
  const lines = checks.flatMap(({ name, ok, detail, help }) => [
    `${ok ? '✔' : '✘'} ${name.padEnd(12)} ${detail}`,
    ...(ok ? [] : [`  ${''.padEnd(12)} ${help}`]),
  ]);
  const code = checks.every(({ ok }) => ok) ? EXIT.good : EXIT.errored;
  return { code, json: { items: checks, next: null }, lines };
}

function node(): Check {
  const { version } = process;
  if (Number(process.versions.node.split('.')[0]) >= MIN_NODE) return good('node', version);
  return bad('node', version, `Install Node ${MIN_NODE} or newer.`);
}

async function git(): Promise<Check> {
  const version = await exec('git', ['--version']).then(
    ({ stdout }) => /(\d+)\.(\d+)[\d.]*/.exec(stdout),
    () => null,
  );
  const wanted = MIN_GIT.join('.');
  if (!version) return bad('git', 'not found', `Install git ${wanted} or newer.`);
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const isNew = major > MIN_GIT[0] || (major === MIN_GIT[0] && minor >= MIN_GIT[1]);
  return isNew
    ? good('git', version[0])
    : bad('git', version[0], `Install git ${wanted} or newer.`);
}

async function disk({ home }: Place, cwd: string): Promise<Check> {
  const folder = home === undefined ? cwd : dirname(home);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const detail = `${(free / 1_073_741_824).toFixed(1)} GiB free in ${folder}`;
  if (free >= MIN_FREE_BYTES) return good('disk', detail);
  return bad('disk', detail, 'Make room: artifacts and logs are kept in the home folder.');
}

/** How steps are run on this machine, as its worker found when it started. */
async function executor({ home }: Place): Promise<Check[]> {
  if (home === undefined) return [];
  const text = await readFile(join(home, 'executor.json'), 'utf8').catch(() => '{}');
  const { message, help } = JSON.parse(text) as { message?: string; help?: string };
  if (!message) return [];
  return [help ? bad('executor', message, help) : good('executor', message)];
}

/** Of the stack on this machine, where the home says which they are. */
async function ports({ home }: Place): Promise<Check[]> {
  if (home === undefined) return [];
  const text = await readFile(join(home, 'ports.json'), 'utf8').catch(() => '{}');
  const known = Object.entries(JSON.parse(text) as Record<string, number>);
  const silent = await Promise.all(
    known.map(async ([name, port]) => ((await listens(port)) ? [] : [`${name} ${port}`])),
  );
  const said = known.map(([name, port]) => `${name} ${port}`).join(', ');
  if (known.length === 0) return [];
  if (silent.flat().length === 0) return [good('ports', said)];
  const help = 'Start the stack with "npm start"; logs in the home say why a part is away.';
  return [bad('ports', `nobody listens on: ${silent.flat().join(', ')}`, help)];
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 });
    const done = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    socket.once('timeout', () => done(false));
  });
}

/** The API, and what it says about its parts. It answers 503, with words, when one of them is away. */
async function api({ url, token, home }: Place): Promise<Check[]> {
  const answer = await askHealth(url);
  if ('why' in answer) {
    const help = 'Start the stack with "npm start"; or set SLIPWAY_URL or SLIPWAY_HOME.';
    return [bad('api', `${url} does not answer: ${answer.why}`, help)];
  }
  const { health } = answer;
  const where = home === undefined ? 'from SLIPWAY_URL' : `home ${home}`;
  return [
    good('api', `${url}, version ${health.version}, ${where}`),
    await tokenCheck(url, token),
    ...services(health),
  ];
}

async function askHealth(url: string): Promise<{ health: Health } | { why: string }> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    const health = Health.safeParse(await answer.json());
    return health.success ? { health: health.data } : { why: 'something else listens there' };
  } catch (error) {
    if (error instanceof SyntaxError) return { why: 'something else listens there' };
    const { cause, message } = error as Error;
    return { why: cause instanceof Error ? cause.message : message };
  }
}

async function tokenCheck(url: string, token: string | undefined): Promise<Check> {
  const help = 'Set SLIPWAY_TOKEN, or SLIPWAY_HOME to the folder of the stack.';
  if (token === undefined) return bad('token', 'none was found', help);
  return createClient({ url, token })
    .users.me()
    .then(
      ({ login, scopes }) => good('token', `${login}, may ${scopes.join(', ')}`),
      (error: Error) => bad('token', error.message, help),
    );
}

const PART_HELP: Record<string, string> = {
  database: 'Look at logs/postgres.log in the home, or at DATABASE_URL.',
  postgres: 'Look at logs/postgres.log in the home, or at DATABASE_URL.',
  temporal: 'Look at logs/temporal.log in the home, or at TEMPORAL_ADDRESS.',
};

function services({ services: all }: Health): Check[] {
  return Object.entries(all).map(([name, { status, message, critical }]) =>
    status === 'unhealthy' && critical
      ? bad(name, message, PART_HELP[name] ?? 'Look at the folder logs in the home.')
      : good(name, status === 'healthy' ? message : `${status}: ${message}`),
  );
}
