/** A stack to be killed in, with everything of it in one folder, and eyes on its inside. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { slipway, toyFile } from '../harness/chat.js';
import { eventually } from '../harness/eventually.js';
import { E2eStack } from '../harness/stack.js';
import { Record } from './record.js';
import { processesNaming, type Victim } from './victims.js';

/** Longest time that processes of a stack may need to be gone after it said that it stopped. */
const GONE_LIMIT_MS = 15_000;
/** So that a run goes on in new histories after some steps, not after some hundred. Events. */
const SHORT_HISTORY = 100;
/** An API gives an engine up that dies more often, and tries again a minute later. */
const MAX_ENGINE_DEATHS = 5;
/** People of a play may ask as much as they like. */
const NO_QUOTA = {
  SLIPWAY_CHAT_REQUESTS_PER_MINUTE: '1000000',
  SLIPWAY_CHAT_TOKENS_PER_MINUTE: '100000000',
};

export class World {
  /** Kills of each of the stack's processes. */
  readonly kills = new Map<Victim, number>();
  /** Of engines, since their API was killed. */
  private engineDeaths = 0;
  private servesPages = false;
  readonly record: Record;
  readonly temporal: Client;

  private constructor(
    /** Holds the home, the stack's temporary folder, and the marks of steps. */
    readonly folder: string,
    readonly stack: E2eStack,
    eyes: { record: Record; temporal: Client },
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.record = eyes.record;
    this.temporal = eyes.temporal;
  }

  static async start(): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-crash-'));
    for (const name of ['home', 'tmp']) await mkdir(join(folder, name));
    const env = {
      TMPDIR: join(folder, 'tmp'),
      SLIPWAY_EXECUTOR: 'plain',
      TEMPORAL_CLI: await shortHistories(folder),
      ...NO_QUOTA,
    };
    const home = join(folder, 'home');
    const stack = await E2eStack.start({ home, env });
    const ports = JSON.parse(await readFile(join(home, 'ports.json'), 'utf8'));
    const connection = Connection.lazy({
      address: `127.0.0.1:${ports.temporal}`,
      channelArgs: {
        'grpc.initial_reconnect_backoff_ms': 50,
        'grpc.min_reconnect_backoff_ms': 50,
        'grpc.max_reconnect_backoff_ms': 200,
      },
    });
    const temporal = new Client({ connection });
    return new World(folder, stack, { record: await Record.of(home), temporal }, env);
  }

  get effects(): string {
    return join(this.folder, 'effects');
  }

  hasKilled(victim: Victim): void {
    this.kills.set(victim, (this.kills.get(victim) ?? 0) + 1);
    if (victim === 'engine') this.engineDeaths++;
    if (victim === 'api') this.engineDeaths = 0;
  }

  /** Between two plays: an API that would give up its engine after so many more deaths is replaced. */
  async outlives(deaths: number): Promise<void> {
    if (this.engineDeaths + deaths <= MAX_ENGINE_DEATHS) return;
    await this.stack.kill('api');
    this.hasKilled('api');
    await eventually('the API is back', () => this.stack.client.health().then(() => true));
  }

  /** Serves the model whose every letter is known. Nobody else needs one, so it comes with the first chat. */
  async servePages(): Promise<void> {
    if (this.servesPages) return;
    const file = await toyFile(this.folder, 'pages');
    await slipway(this.stack, 'models', 'pull', file, '--name', 'pages');
    await slipway(this.stack, 'models', 'serve', 'pages', '--as', 'house');
    this.servesPages = true;
  }

  /** Stops it. Returns what was left behind that must not be; the folder stays. */
  async stop(): Promise<string[]> {
    await this.record.close();
    await this.temporal.connection.close();
    const { code, stdout, stderr } = await this.stack.interrupt();
    const left: string[] = [];
    if (code !== 0) left.push(`the stack ended with ${code}: ${(stdout + stderr).slice(-1_000)}`);
    return [...left, ...(await this.leftovers())];
  }

  /** The next start on the same home works, and stops again. Returns what was wrong. */
  async startsAgain(): Promise<string[]> {
    try {
      const stack = await E2eStack.start({ home: this.stack.home, env: this.env });
      const { code } = await stack.interrupt();
      return code === 0 ? [] : [`started again, the stack ended with ${code}`];
    } catch (error) {
      return [`the next start failed: ${String(error)}`];
    }
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  private async leftovers(): Promise<string[]> {
    const left: string[] = [];
    try {
      await eventually(
        'no process of the stack is left',
        async () => (await processesNaming(this.folder)).length === 0,
        GONE_LIMIT_MS,
      );
    } catch {
      for (const one of await processesNaming(this.folder)) left.push(`still runs: ${one}`);
    }
    for (const name of await readdir(join(this.folder, 'tmp'))) {
      left.push(`left in the temporary folder: ${name}`);
    }
    const lock = await readFile(join(this.stack.home, 'stack.lock'), 'utf8').catch(() => undefined);
    if (lock !== undefined) left.push('the lock of the home was not given back');
    return left;
  }
}

/** The Temporal of PATH, told to suggest a new history early. As it is exec'd, its id is its own. */
async function shortHistories(folder: string): Promise<string> {
  const file = join(folder, 'temporal');
  const real = process.env['TEMPORAL_CLI'] ?? 'temporal';
  const path = (process.env['PATH'] ?? '').split(delimiter).join(':');
  const setting = `limit.historyCount.suggestContinueAsNew=${SHORT_HISTORY}`;
  const more = `[ "$1" != server ] || set -- "$@" --dynamic-config-value ${setting}`;
  await writeFile(file, `#!/bin/sh\nPATH='${path}'\n${more}\nexec '${real}' "$@"\n`);
  await chmod(file, 0o755);
  return file;
}
