/** A whole git server for tests: real git, real HTTP, real PostgreSQL, a Temporal that obeys the test. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Config, folders } from '../../../activities/platform/config.js';
import { createStore } from '../../../activities/store/store.js';
import type { Changes, Scope, Store } from '../../../activities/store/store.ports.js';
import { type ThrowAway, throwAwayPostgres } from '../../../activities/store/testing.js';
import type { Input } from '../../../workflows/run/run.messages.js';
import { createApp } from '../../app.js';
import { hashOf, newToken } from '../../platform/auth.js';
import { FakeWorkflows } from '../../platform/testing/fake-workflows.js';
import { FakeSecretKeeper } from '../../secrets/secrets.fake.js';
import { GitModule } from '../git.module.js';

/** Plays the part of a worker: what a started run does to the record. */
export type Play = (input: Input, write: (changes: Changes) => Promise<void>) => Promise<void>;

class PlayedWorkflows extends FakeWorkflows {
  play: Play = async () => undefined;
  constructor(private readonly store: Store) {
    super();
  }

  override async startRun(input: Input): Promise<'started' | 'already'> {
    const answer = await super.startRun(input);
    if (answer === 'started') {
      await this.store.runs.open(input);
      void this.play(input, (changes) => this.store.runs.write(changes));
    }
    return answer;
  }
}

/** Every step and the run, at once. */
export const succeeds: Play = async ({ run, plan }, write) => {
  const steps = plan.steps.map(({ name }) => ({
    runId: run.id,
    name,
    attempt: 1,
    status: 'succeeded' as const,
    at: new Date(),
    result: { verdict: 'succeeded' as const },
  }));
  const end = { runId: run.id, status: 'succeeded' as const, reason: null, at: new Date() };
  await write({ steps, runs: [end] });
};

export interface Said {
  code: number | null;
  /** Both streams, as a terminal shows them. */
  text: string;
}

export class TestGitServer {
  private app: NestFastifyApplication | undefined;
  readonly logged: string[] = [];
  url = '';
  admin = '';

  private constructor(
    readonly root: string,
    readonly postgres: ThrowAway,
    readonly store: Store,
    readonly workflows: PlayedWorkflows,
  ) {}

  static async start(): Promise<TestGitServer> {
    const root = await mkdtemp(join(tmpdir(), 'slipway-git-'));
    const postgres = await throwAwayPostgres();
    const store = await createStore({ url: postgres.url, poolSize: 4 });
    const server = new TestGitServer(root, postgres, store, new PlayedWorkflows(store));
    server.admin = await server.tokenOf('admin', ['admin']);
    await mkdir(server.repositories, { recursive: true });
    await server.up();
    return server;
  }

  /** Where the bare repositories are. */
  get repositories(): string {
    return folders(join(this.root, 'home')).git;
  }

  async up(): Promise<void> {
    const config = Config.parse({
      SLIPWAY_HOME: join(this.root, 'home'),
      DATABASE_URL: this.postgres.url,
    });
    const at = (level: string) => (fields: object, message: string) => {
      this.logged.push(`${level}: ${message} ${JSON.stringify(fields)}`);
    };
    const log = { info: at('info'), warn: at('warn'), error: at('error') };
    const { store, workflows } = this;
    const secrets = new FakeSecretKeeper();
    this.app = await createApp({ config, store, workflows, secrets, log }, GitModule);
    await this.app.listen(0, '127.0.0.1');
    this.url = await this.app.getUrl();
  }

  async down(): Promise<void> {
    await this.app?.close();
  }

  async remove(): Promise<void> {
    await this.down();
    await this.store.close();
    await this.postgres.remove();
    await rm(this.root, { recursive: true, force: true });
  }

  async tokenOf(login: string, scopes: Scope[]): Promise<string> {
    await this.store.users.put({ login, teams: [], disabled: false });
    const token = newToken();
    const hash = hashOf(token);
    await this.store.users.addToken({ login, name: 'test', hash, scopes, expiresAt: null });
    return token;
  }

  address(repository: string, token = this.admin): string {
    const { host } = new URL(this.url);
    const who = token === '' ? '' : `anybody:${token}@`;
    return `http://${who}${host}/git/${repository}.git`;
  }

  /** A working copy whose remote `slipway` is the repository, with these files committed. */
  async clone(repository: string, files: Record<string, string>, token?: string): Promise<Clone> {
    const folder = await mkdtemp(join(this.root, `${repository}-`));
    const clone = new Clone(folder);
    await clone.git('init', '--quiet', '--initial-branch=main');
    await clone.git('remote', 'add', 'slipway', this.address(repository, token));
    await clone.commit(files);
    return clone;
  }
}

export class Clone {
  constructor(readonly folder: string) {}

  git(...args: string[]): Promise<Said> {
    return git(this.folder, args);
  }

  /** The new commit. */
  async commit(files: Record<string, string>, message = 'a change'): Promise<string> {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '--message', message);
    return (await this.git('rev-parse', 'HEAD')).text.trim();
  }

  push(...refs: string[]): Promise<Said> {
    return this.git('push', 'slipway', ...(refs.length > 0 ? refs : ['main']));
  }
}

/** The real git client. `started` is told the process, to end it in the middle. */
export function git(
  folder: string,
  args: string[],
  started?: (kill: () => void) => void,
): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, {
      cwd: folder,
      detached: true,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_TERMINAL_PROMPT: '0',
        GIT_AUTHOR_NAME: 'Ada',
        GIT_AUTHOR_EMAIL: 'ada@example.com',
        GIT_COMMITTER_NAME: 'Ada',
        GIT_COMMITTER_EMAIL: 'ada@example.com',
      },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part: Buffer) => {
        text += part.toString();
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text: text.replace(/ {8}$/gm, '') }));
    started?.(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
    });
  });
}

/** Asks until the answer is there, at most 10 s. */
export async function eventually<T>(ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error('it did not happen within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
