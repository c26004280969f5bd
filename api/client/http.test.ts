import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Client, createClient } from './client.js';
import { Unreachable } from './errors.js';
import { Http, MADE_LIMIT_MS } from './http.js';
import { patient } from './http.patience.js';

// How long the client waits, with a server that says nothing until the test lets it.

type Dispatch = (options: object, handler: unknown) => boolean;
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');

let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer(() => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

describe('a request', () => {
  it('is given up when its limit is over', async () => {
    const late = new Http({ url }).send('/', { limitMs: 1 });
    await expect(late).rejects.toBeInstanceOf(Unreachable);
  });

  it('tells Node’s fetch, which gives up earlier, how late an answer may be', () => {
    const asked: object[] = [];
    const platform = globalThis as { [DISPATCHER]?: object };
    platform[DISPATCHER] = { dispatch: (options: object) => asked.push(options) };
    try {
      const { dispatcher } = patient(MADE_LIMIT_MS) as { dispatcher: { dispatch: Dispatch } };
      dispatcher.dispatch({ path: '/ask', headersTimeout: 300_000 }, {});
      expect(asked).toEqual([{ path: '/ask', headersTimeout: MADE_LIMIT_MS }]);
    } finally {
      delete platform[DISPATCHER];
    }
    expect(patient(MADE_LIMIT_MS)).toEqual({});
  });

  it.each([
    ['a model makes', 601_000, (client: Client) => client.chat.ask('why?')],
    ['an assistant makes', 601_000, (client: Client) => client.assistant.ask('why?')],
    ['the record has', 59_000, (client: Client) => client.runs.list()],
  ])('is waited for as long as the API takes for an answer that %s', async (_what, ms, ask) => {
    jest.useFakeTimers();
    try {
      const gone = Promise.withResolvers<unknown>();
      const never: typeof fetch = (_address, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
        });
      let isOver = false;
      ask(createClient({ url, fetch: never })).catch((error: unknown) => {
        isOver = true;
        gone.resolve(error);
      });
      await jest.advanceTimersByTimeAsync(ms);
      expect(isOver).toBe(false);
      await jest.advanceTimersByTimeAsync(60_000);
      expect(await gone.promise).toBeInstanceOf(Unreachable);
    } finally {
      jest.useRealTimers();
    }
  });
});
