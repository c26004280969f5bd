/** One more replica of the API on the same PostgreSQL, that serves only chat. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Config } from '../../../activities/platform/config.js';
import { createStore } from '../../../activities/store/store.js';
import type { Replica, Store } from '../../../activities/store/store.ports.js';
import { createApp } from '../../app.js';
import {
  type Answered,
  type Asked,
  type FakeChat,
  fakeChat,
  type TestApi,
} from '../../platform/testing/api.js';

export interface Second {
  app: NestFastifyApplication;
  chat: FakeChat;
  store: Store;
  replica: Replica;
  ask: (path: string, asked: Asked) => Promise<Answered>;
  listen: () => Promise<string>;
  /** As if its process was killed: its lock is free, and it says nothing more to the record. */
  die: () => Promise<void>;
  close: () => Promise<void>;
}

export async function secondApi({ postgres, workflows, secrets }: TestApi): Promise<Second> {
  const store = await createStore({ url: postgres.url, poolSize: 4 });
  const replica = await store.chat.join('second');
  const chat = fakeChat();
  const app = await createApp(
    {
      config: Config.parse({
        SLIPWAY_HOME: '/nowhere',
        DATABASE_URL: postgres.url,
        SLIPWAY_ROLES: 'chat',
      }),
      store,
      workflows,
      secrets,
      log: { info: () => {}, warn: () => {}, error: () => {} },
      chat: Object.assign(chat, { replica }),
    },
    class NoGit {},
  );
  await app.init();
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  await fastify.ready();
  let isGone = false;
  const end = async (): Promise<void> => {
    if (isGone) return;
    isGone = true;
    await replica.leave();
    await store.close();
  };
  return {
    app,
    chat,
    store,
    replica,
    ask: (path, asked) => ask(fastify, path, asked),
    listen: async () => {
      await app.listen(0, '127.0.0.1');
      return app.getUrl();
    },
    die: end,
    close: async () => {
      await app.close();
      await end();
    },
  };
}

async function ask(
  fastify: FastifyInstance,
  path: string,
  { method = 'GET', token = '', body, headers = {} }: Asked,
): Promise<Answered> {
  const answer = await fastify.inject({
    method,
    url: path,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body === undefined ? {} : { payload: body as object }),
  });
  const isJson = String(answer.headers['content-type']).includes('json');
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: answer.body,
    json: isJson && answer.body !== '' ? answer.json() : undefined,
  };
}
