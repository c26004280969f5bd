/** What scenarios of chat need: tiny models in files, a second replica, a person at a WebSocket. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import { type Client, createClient } from '../../client/client.js';
import { FromServer } from '../../client/wire.socket.js';
import { eventually } from './eventually.js';
import { start } from './process.js';
import type { E2eStack } from './stack.js';

const exec = promisify(execFile);
const ROOT = process.cwd();
const NODE = join(ROOT, 'node_modules/.bin/node');
const STOP_LIMIT_MS = 30_000;

export type ToyKind = 'alphabet' | 'endless' | 'numbers' | 'pages' | 'random';

export async function toyFile(folder: string, kind: ToyKind): Promise<string> {
  const file = join(folder, `${kind}.gguf`);
  await exec(NODE, [join(ROOT, 'scripts/toy-model.mjs'), file, kind]);
  return file;
}

/** The CLI, as a person types it. */
export async function slipway({ url, token }: E2eStack, ...args: string[]): Promise<string> {
  const env = { ...process.env, SLIPWAY_URL: url, SLIPWAY_TOKEN: token, NO_COLOR: '1' };
  return (await exec(NODE, [join(ROOT, 'bin/slipway.mjs'), ...args], { env })).stdout;
}

export interface Replica {
  client: Client;
  url: string;
  stop(): Promise<void>;
}

/** Another API on the same database, with the role `chat` alone. */
export async function secondReplica(stack: E2eStack): Promise<Replica> {
  const api = (await stack.processes()).find(({ name }) => name === 'api');
  const environ = await readFile(`/proc/${api?.pid}/environ`, 'utf8');
  const pairs = environ.split('\0').map((line) => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)];
  });
  const own = Object.fromEntries(pairs.filter(([name]) => !name?.startsWith('NODE_CHANNEL')));
  const env = { ...own, SLIPWAY_ROLES: 'chat', SLIPWAY_PORT: '0' };
  const started = start(NODE, [join(ROOT, 'dist/api.js')], { env, cwd: ROOT });
  const [, url = ''] = await started.says(/"url":"(http:[^"]+)"/);
  return {
    url,
    client: createClient({ url, token: stack.token }),
    stop: async () => {
      started.child.kill('SIGTERM');
      const late = setTimeout(() => started.child.kill('SIGKILL'), STOP_LIMIT_MS);
      await started.ended;
      clearTimeout(late);
    },
  };
}

/** Children of the API's process that hold models. */
export async function enginesOf(stack: E2eStack): Promise<number[]> {
  const api = (await stack.processes()).find(({ name }) => name === 'api');
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: number[] = [];
  for (const pid of pids) {
    const [status, command] = await Promise.all(
      ['status', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    );
    const parent = Number(status?.match(/^PPid:\s+(\d+)/m)?.[1]);
    if (parent === api?.pid && command?.includes('engine/main.js')) found.push(pid);
  }
  return found;
}

/** Somebody with a tab open: hears everything, and waits for what a scenario expects. */
export class Tab {
  readonly heard: FromServer[] = [];

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) =>
      this.heard.push(FromServer.parse(JSON.parse(data.toString()))),
    );
  }

  static async open(url: string, token: string): Promise<Tab> {
    const headers = { authorization: `Bearer ${token}` };
    const address = `${url.replace('http', 'ws')}/ws/chat`;
    const socket = new WebSocket(address, 'slipway.chat.v1', { headers });
    const tab = new Tab(socket);
    await tab.hears('open', (one) => one.type === 'state' && one.state === 'open');
    return tab;
  }

  say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  hears(what: string, isIt: (one: FromServer) => boolean): Promise<FromServer> {
    return eventually(`hears ${what}`, async () => this.heard.find(isIt));
  }

  /** What it has of a turn, put together as the protocol says. */
  textOf(turn: string): string {
    let text = '';
    for (const one of this.heard) {
      if (one.type === 'text' && one.turn === turn) text = text.slice(0, one.from) + one.text;
      const turns =
        one.type === 'joined' ? one.turns : one.type === 'turn' ? [one.turn] : ([] as const);
      for (const each of turns) {
        if (each.id === turn) text = text.slice(0, each.from) + each.text;
      }
    }
    return text;
  }

  close(): void {
    this.socket.terminate();
  }
}
