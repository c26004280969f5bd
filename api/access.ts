/** Who may ask what, as the routes themselves say it: the table of docs/api-access.md. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Config } from '../activities/platform/config.js';
import type { Store } from '../activities/store/store.ports.js';
import { createApp } from './app.js';
import { Scope } from './client/wire.js';
import { SOCKET_PATH } from './client/wire.socket.js';
import { may } from './platform/auth.js';
import { describeApi, SCOPE } from './platform/docs.document.js';
import type { ChatParts } from './platform/parts.js';
import type { Workflows } from './platform/workflows.ports.js';
import { PIPELINE_FILES } from './runs/repositories.ports.js';
import type { SecretKeeper } from './secrets/secrets.ports.js';

/** What one address answers to whom. `nothing`: to everybody. */
export interface Access {
  /** `GET /api/v1/runs/{id}`. */
  route: string;
  need: Scope | 'nothing';
}

/** Open, and described nowhere else: the documentation itself. */
export const DOCS: readonly Access[] = ['/', '/docs', '/docs-json', '/docs/{file}'].map((path) => ({
  route: `GET ${path}`,
  need: 'nothing',
}));

/** The git endpoint; its password is a token. */
export const GIT: readonly Access[] = [
  { route: 'GET /git/{name}.git/info/refs?service=git-upload-pack', need: 'read' },
  { route: 'POST /git/{name}.git/git-upload-pack', need: 'read' },
  { route: 'GET /git/{name}.git/info/refs?service=git-receive-pack', need: 'push' },
  { route: 'POST /git/{name}.git/git-receive-pack', need: 'push' },
];

/** The WebSocket of chat; who says nothing good within 5 s is closed out. */
export const SOCKETS: readonly Access[] = [{ route: `GET ${SOCKET_PATH}`, need: 'chat' }];

const METHODS = ['get', 'post', 'patch', 'put', 'delete'] as const;

export function accessOf(document: OpenAPIObject): Access[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      if (!operation) return [];
      const need = (operation as unknown as Record<string, Access['need']>)[SCOPE] ?? 'nothing';
      return [{ route: `${method.toUpperCase()} ${path}`, need }];
    }),
  );
}

/** The document, from an application that serves nobody: no part of it is ever asked. */
export async function accessDocument(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'slipway-access-'));
  const config = Config.parse({ SLIPWAY_HOME: home, DATABASE_URL: 'postgres://nobody' });
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const parts = {
    config,
    store: nobody<Store>(),
    workflows: nobody<Workflows>(),
    secrets: nobody<SecretKeeper>(),
    chat: chatOfNobody(),
    log,
  };
  const app = await createApp(parts, NoGit);
  try {
    return written([...DOCS, ...accessOf(describeApi(app)), ...SOCKETS, ...GIT]);
  } finally {
    await app.close();
    await rm(home, { recursive: true, force: true });
  }
}

function chatOfNobody(): ChatParts {
  return {
    models: nobody(),
    library: nobody(),
    news: nobody(),
    newsCache: nobody(),
    answerCache: nobody(),
    tickets: nobody(),
    replica: nobody(),
    metrics: nobody(),
  };
}

/** Whatever is wanted of it, it is nobody again: parts of an application that asks none of them. */
function nobody<T>(): T {
  return new Proxy(() => undefined, {
    get: (_nothing, name) => {
      if (name === Symbol.toPrimitive) return () => 'nobody';
      return name === 'then' ? undefined : nobody();
    },
    apply: () => nobody(),
  }) as T;
}

@Global()
@Module({ providers: [{ provide: PIPELINE_FILES, useValue: {} }], exports: [PIPELINE_FILES] })
class NoGit {}

function written(all: readonly Access[]): string {
  const columns = ['no token', ...Scope.options] as const;
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const rows = all.map(({ route, need }) => {
    const opens = columns.map(
      (column) => need === 'nothing' || (column !== 'no token' && may({ scopes: [column] }, need)),
    );
    return row([`\`${route}\``, ...opens.map((isOpen) => (isOpen ? 'yes' : '–'))]);
  });
  return `# Who may ask what

Made from the routes by \`npm run generate\`; \`npm run check\` says when it is not fresh.
\`api/access.test.ts\` asks every route with every kind of token.

A token has one scope or several; \`admin\` opens what every other scope opens, and \`chat\` what \`generate\` does.
A token that is unknown, malformed, expired, revoked or of a disabled user opens what no token opens.
\`HEAD\` is answered as \`GET\` is.

Tokens belong to their users: only an admin sees, makes or revokes other people's.
A token that is made never has a scope that its maker lacks.
Private conversations, their turns and tickets belong to one person, and an admin sees tickets too; rooms are everybody's who may chat.
Nothing else belongs to one person: who may read sees all repositories, runs and stages.

${row(['Route', ...columns])}${row(['---', ...columns.map(() => '---')])}${rows.join('')}`;
}
