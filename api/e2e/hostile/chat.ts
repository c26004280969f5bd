/** What the corpus needs of chat: models with texts of its own, people with few rights, raw questions. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiProblem } from '../../client/client.js';
import { Problem } from '../../client/wire.js';
import type { Pull, Serving } from '../../client/wire.models.js';
import { eventually } from '../harness/eventually.js';
import { finish } from '../harness/process.js';
import { must } from './entry.js';
import type { World } from './world.js';

/** Calls the tool `list_approvals` wherever it may, and says the call as text where it may not. */
export const CALLS = ['||call: ', 'list_approvals'];
/** Under which it is served to everybody who names no model, from the first entry about chat on. */
const DEFAULT = 'default';

const prepared = new WeakMap<World, Promise<void>>();

/** Resolves when the model `default` is served. Repeatable. */
export function chatBegins(world: World): Promise<void> {
  const known = prepared.get(world);
  if (known) return known;
  const preparing = (async () => {
    await kept(world, 'hostile-calls', await toy(CALLS));
    await serves(world, DEFAULT, 'hostile-calls');
  })();
  prepared.set(world, preparing);
  return preparing;
}

/** A model file that says these texts, each of them one token. */
export async function toy(says: readonly string[]): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-hostile-model-'));
  try {
    const file = join(folder, 'toy.gguf');
    const { code, stderr } = await finish(
      join(process.cwd(), 'node_modules/.bin/node'),
      [join(process.cwd(), 'scripts/toy-model.mjs'), file, JSON.stringify(says)],
      { env: { ...process.env, NODE_OPTIONS: '' } },
    );
    must(code === 0, `there is no toy model:\n${stderr}`);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sends a file as a model of this name; how that ended. */
export async function sent(
  { stack }: World,
  name: string,
  bytes: Buffer,
  file = `${name}.gguf`,
): Promise<Pull> {
  const { models } = stack.client;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  // Entries beside this one send files too: there may be no room for a moment, also when all is sent.
  const id = await eventually(`"${name}" may be sent`, async () => {
    const pull = await models.upload({ name, file, sha256, bytes: bytes.length });
    if (pull.state === 'waiting') await models.sendPiece(pull.id, pull.bytes, bytes);
    return pull.id;
  });
  return eventually(`the file "${name}" was looked at`, async () => {
    const pull = await models.getPull(id);
    return pull.state === 'done' || pull.state === 'failed' ? pull : undefined;
  });
}

/** Sends a file that must be taken. */
export async function kept(world: World, name: string, bytes: Buffer): Promise<void> {
  const { state, failure } = await sent(world, name, bytes);
  must(state === 'done', `the model "${name}" was not taken: ${failure?.message}`);
}

/** Serves a model under a name; how the engines came out with it. */
export async function served({ stack }: World, name: string, model: string): Promise<Serving> {
  const { version } = await stack.client.models.serve({ name, model, slot: 'champion', share: 0 });
  return eventually(`"${name}" was looked at`, async () => {
    const { items } = await stack.client.models.servings();
    const found = items.find((one) => one.name === name && one.version >= version);
    return found && ['ready', 'failed'].includes(found.state) ? found : undefined;
  });
}

/** The same of one that must be served. */
export async function serves(world: World, name: string, model: string): Promise<void> {
  const { state, reason } = await served(world, name, model);
  must(state === 'ready', `"${name}" is ${state}: ${reason}`);
}

/** A token of somebody with these scopes. */
export async function tokenOf(
  { stack }: World,
  login: string,
  scopes: ('chat' | 'read' | 'run' | 'approve')[],
): Promise<string> {
  const { users } = stack.client;
  await users.create({ login, teams: [] }).catch((error: unknown) => {
    // An entry beside this one was quicker.
    if (!(error instanceof ApiProblem && error.status === 409)) throw error;
  });
  return (await users.createToken({ login, name: 'hostile', scopes })).token;
}

export interface Raw {
  method?: string;
  /** Sent as it is; else made JSON of. */
  bytes?: Buffer | string;
  body?: unknown;
  type?: string;
}

export interface Answered {
  status: number;
  type: string;
  text: string;
}

/** A question as no client of ours would ask it. */
export async function asks(
  { stack }: World,
  token: string,
  path: string,
  { method = 'POST', bytes, body, type = 'application/json' }: Raw = {},
): Promise<Answered> {
  const sends = bytes ?? (body === undefined ? undefined : JSON.stringify(body));
  const answer = await fetch(stack.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(sends === undefined ? {} : { 'content-type': type }),
    },
    ...(sends === undefined ? {} : { body: sends }),
  });
  return {
    status: answer.status,
    type: answer.headers.get('content-type')?.split(';')[0] ?? '',
    text: await answer.text(),
  };
}

/** It was refused, with a problem that has this status and words. */
export function mustRefuse(answer: Answered, statuses: readonly number[], what: string): void {
  const { status, type, text } = answer;
  const said = `${what} was answered ${status}: ${text.slice(0, 300)}`;
  must(statuses.includes(status), said);
  must(type === 'application/problem+json', `${said}; as ${type}`);
  const problem = Problem.parse(JSON.parse(text));
  must(problem.status === status && problem.detail !== '', said);
}

/** Of chat: how it answers who names no model. */
export async function stillAnswers(world: World): Promise<void> {
  const { token } = world.stack;
  const body = { model: DEFAULT, messages: [{ role: 'user', content: 'go' }] };
  const { status, text } = await asks(world, token, '/v1/chat/completions', { body });
  must(status === 200, `chat is harmed: ${status} ${text.slice(0, 300)}`);
}
