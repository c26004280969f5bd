/** The whole API on a port, with models that obey the test, and the words that tests on /v1 share. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { startTestApi, type TestApi, type TestApiOptions } from '../platform/testing/api.js';

export interface OpenAiApi extends TestApi {
  /** `http://127.0.0.1:1234/v1`. */
  baseUrl: string;
  /** Asks by HTTP, with the chat token unless headers say otherwise. */
  post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>;
  /** Of a person who may chat and nothing else. */
  token: string;
}

export async function startOpenAi(options?: TestApiOptions): Promise<OpenAiApi> {
  const api = await startTestApi(options);
  const baseUrl = `${await api.listen()}/v1`;
  const token = await api.tokenOf('ada', ['chat']);
  const post: OpenAiApi['post'] = (path, body, headers = {}) =>
    fetch(`${baseUrl}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        ...headers,
      },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
  return { ...api, baseUrl, token, post };
}

/** The API of a judge: a client of others, unmodified, that may call nobody else. */
export interface Judged extends OpenAiApi {
  /** Whom it called beside us. */
  elsewhere: () => string[];
}

export async function startJudged(): Promise<Judged> {
  const { elsewhere, stop } = watchConnections();
  const api = await startOpenAi();
  const close = async () => {
    await api.close();
    stop();
  };
  return { ...api, elsewhere, close };
}

/** Models as they are before each test of a judge. */
export function calm({ models }: OpenAiApi['chat']): void {
  models.text = 'to be or not';
  models.callFor = () => undefined;
  models.beforeWord = async () => undefined;
  models.beforeAnswer = async () => undefined;
  models.trouble = undefined;
}

export const hello = { model: 'fake', messages: [{ role: 'user', content: 'hello' }] };

/** What the `data:` lines of a stream hold; every other line is a mistake. */
export function dataOf(text: string): unknown[] {
  return text
    .split('\n\n')
    .filter(Boolean)
    .map((block) => {
      if (!block.startsWith('data: ') || block.includes('\n')) throw new Error(`no data: ${block}`);
      return block === 'data: [DONE]' ? 'DONE' : JSON.parse(block.slice('data: '.length));
    });
}

/** Something that a test lets go on when it is time. */
export function gate() {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  return {
    open,
    /** Resolves when somebody waits at it. */
    reached,
    pass: async () => {
      reach();
      await opened;
    },
  };
}

/** Where this process connected to since it was asked: clients must not call anybody but us. */
function watchConnections(): { elsewhere: () => string[]; stop: () => void } {
  const seen = new Set<string>();
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    socket.once('lookup', (_error, _address, _family, host) => seen.add(String(host)));
    socket.once('connect', () => seen.add(socket.remoteAddress ?? ''));
  };
  subscribe('net.client.socket', onSocket);
  return {
    elsewhere: () => [...seen].filter((host) => !/^(127\.0\.0\.1|::1|localhost|)$/.test(host)),
    stop: () => void unsubscribe('net.client.socket', onSocket),
  };
}
