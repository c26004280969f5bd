/** A whole API for door tests: real Fastify, real PostgreSQL, a Temporal that obeys the test. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Config, folders } from '../../../activities/platform/config.js';
import { createLog } from '../../../activities/platform/logging.js';
import { createStore } from '../../../activities/store/store.js';
import type { Scope, Store } from '../../../activities/store/store.ports.js';
import { type ThrowAway, throwAwayPostgres } from '../../../activities/store/testing.js';
import { createApp } from '../../app.js';
import { FakeCache } from '../../chat/cache.fake.js';
import { FakeModels } from '../../chat/models.fake.js';
import { FakeNews } from '../../chat/news.fake.js';
import { GitModule } from '../../git/git.module.js';
import { FakeModelLibrary } from '../../models/library.fake.js';
import {
  PIPELINE_FILES,
  type PipelineFile,
  type PipelineFiles,
} from '../../runs/repositories.ports.js';
import { FakeSecretKeeper } from '../../secrets/secrets.fake.js';
import { FakeTickets } from '../../tickets/tickets.fake.js';
import { hashOf, newToken } from '../auth.js';
import { DEADLINES, type Deadlines } from '../deadlines.js';
import { FakeMetrics } from '../metrics.fake.js';
import { FakeWorkflows } from './fake-workflows.js';

export class FakePipelineFiles implements PipelineFiles {
  /** By `repository` or `repository@ref`. */
  readonly files = new Map<string, PipelineFile>();

  async read(repository: string, ref: string | undefined): Promise<PipelineFile | undefined> {
    return this.files.get(ref === undefined ? repository : `${repository}@${ref}`);
  }
}

@Global()
@Module({})
class FakeGit {}

function gitWith(files: PipelineFiles): DynamicModule {
  const provider = { provide: PIPELINE_FILES, useValue: files };
  return { module: FakeGit, providers: [provider], exports: [PIPELINE_FILES] };
}

/** The parts of the role `chat`, all of them obedient. */
export const fakeChat = () => ({
  models: new FakeModels(),
  library: new FakeModelLibrary(),
  news: new FakeNews(),
  newsCache: new FakeCache(),
  answerCache: new FakeCache(),
  tickets: new FakeTickets(),
  metrics: new FakeMetrics(),
});
export type FakeChat = ReturnType<typeof fakeChat>;

export interface Asked {
  method?: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface TestApi {
  app: NestFastifyApplication;
  fastify: FastifyInstance;
  store: Store;
  postgres: ThrowAway;
  workflows: FakeWorkflows;
  secrets: FakeSecretKeeper;
  files: FakePipelineFiles;
  chat: FakeChat;
  /** What was logged, as `level: message`. */
  logged: string[];
  /** The same, as a process prints it: with all fields. */
  printed: string[];
  /** Of an admin. */
  admin: string;
  /** A new token of a user, who is created with it. */
  tokenOf: (login: string, scopes: Scope[], teams?: string[]) => Promise<string>;
  /** By the admin, unless `token` says otherwise; `token: ''` sends none. */
  ask: (path: string, asked?: Asked) => Promise<Answered>;
  /** Listens on a free port; the address. */
  listen: () => Promise<string>;
  close: () => Promise<void>;
}

export interface Answered {
  status: number;
  headers: Record<string, unknown>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
  json: any;
}

export interface TestApiOptions {
  /** With the real git endpoint on repositories of its own; else pipelines come from `files`. */
  withGit?: boolean;
  /** More of the configuration. */
  config?: Partial<Config>;
  deadlines?: Deadlines;
}

export async function startTestApi({
  withGit = false,
  deadlines = DEADLINES,
  config = {},
}: TestApiOptions = {}): Promise<TestApi> {
  const home = await mkdtemp(join(tmpdir(), 'slipway-api-'));
  await mkdir(folders(home).git);
  const postgres = await throwAwayPostgres();
  const store = await createStore({ url: postgres.url, poolSize: 4 });
  const [workflows, files] = [new FakeWorkflows(), new FakePipelineFiles()];
  const [logged, printed]: [string[], string[]] = [[], []];
  const secrets = new FakeSecretKeeper();
  const fakes = fakeChat();
  const replica = await store.chat.join('test');
  const app = await createApp(
    {
      config: { ...configOf(postgres.url, home), ...config },
      store,
      workflows,
      secrets,
      log: logTo(logged, printed),
      chat: { ...fakes, replica },
    },
    withGit ? GitModule : gitWith(files),
    deadlines,
  );
  await app.init();
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  await fastify.ready();
  const tokenOf: TestApi['tokenOf'] = async (login, scopes, teams = []) => {
    await store.users.put({ login, teams, disabled: false });
    const token = newToken();
    const hash = hashOf(token);
    await store.users.addToken({ login, name: 'test', hash, scopes, expiresAt: null });
    return token;
  };
  const admin = await tokenOf('admin', ['admin'], ['admins']);
  return {
    app,
    fastify,
    store,
    postgres,
    workflows,
    secrets,
    files,
    chat: fakes,
    logged,
    printed,
    admin,
    tokenOf,
    ask: (path, asked) => ask(fastify, admin, path, asked),
    listen: async () => {
      await app.listen(0, '127.0.0.1');
      return app.getUrl();
    },
    close: async () => {
      await app.close();
      await replica.leave();
      await store.close();
      await postgres.remove();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function ask(
  fastify: FastifyInstance,
  admin: string,
  path: string,
  { method = 'GET', token = admin, body, headers = {} }: Asked = {},
): Promise<Answered> {
  const answer = await fastify.inject({
    method,
    url: path,
    headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
    ...(body === undefined ? {} : { payload: body as object }),
  });
  const isJson = /[/+]json/.test(String(answer.headers['content-type']));
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: answer.body,
    json: isJson && answer.body !== '' ? answer.json() : undefined,
  };
}

function configOf(url: string, home: string): Config {
  return Config.parse({
    SLIPWAY_HOME: home,
    DATABASE_URL: url,
    TEMPORAL_UI_URL: 'http://127.0.0.1:8233',
  });
}

function logTo(lines: string[], printed: string[]) {
  const print = createLog('api', 'trace', { write: (line) => void printed.push(line) });
  const at = (level: 'info' | 'warn' | 'error') => (fields: object, message: string) => {
    lines.push(`${level}: ${message}`);
    print[level](fields, message);
  };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
