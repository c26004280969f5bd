import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { SOCKET_PATH, SOCKET_PROTOCOL } from '../client/wire.socket.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { SOCKET_LIMITS_TOKEN, type SocketLimits } from './socket.limits.js';
import { Tab } from './testing/tab.js';
import { conversationOf, obey } from './testing/talk.js';

// How much one socket, one user and all of them may take.

let api: TestApi;
let url: string;
let ada: string;
let limits: SocketLimits;
let usual: SocketLimits;
beforeAll(async () => {
  api = await startTestApi();
  limits = api.app.get(SOCKET_LIMITS_TOKEN, { strict: false });
  // The one timer is set with the first socket.
  Object.assign(limits, { tickMs: 20 });
  usual = { ...limits };
  ada = await api.tokenOf('ada', ['chat']);
  url = await api.listen();
});
const tabs: Tab[] = [];
afterAll(() => api.close());
afterEach(() => {
  Object.assign(limits, usual);
  for (const tab of tabs.splice(0)) tab.cut();
  obey(api.chat);
});

async function open(token = ada): Promise<Tab> {
  const tab = await Tab.open(url, token);
  tabs.push(tab);
  return tab;
}

async function refused(token?: string): Promise<{ status: number; retryAfter: unknown }> {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const address = url.replace('http', 'ws') + SOCKET_PATH;
  const ws = new WebSocket(address, [SOCKET_PROTOCOL], { headers });
  ws.on('error', () => {});
  const [request, response] = await once(ws, 'unexpected-response');
  request.destroy();
  return { status: response.statusCode, retryAfter: response.headers['retry-after'] };
}

describe('sockets', () => {
  it('of one user leave room for others, and all together have a limit', async () => {
    Object.assign(limits, { perUser: 2, all: 3 });
    await open();
    await open();
    expect((await refused(ada)).status).toBe(409);
    const late = Tab.silent(url);
    await once(late.ws, 'open');
    late.say({ type: 'hello', token: ada });
    expect(await late.closes()).toBe(4_429);
    await open(await api.tokenOf('bob', ['chat']));
    const busy = await refused(await api.tokenOf('eve', ['chat']));
    expect(busy.status).toBe(503);
    expect(Number(busy.retryAfter)).toBeGreaterThan(0);
  });

  it('that never say who they are take no room for long', async () => {
    Object.assign(limits, { helloMs: 50, unidentified: 1 });
    const silent = Tab.silent(url);
    await once(silent.ws, 'open');
    expect((await refused()).status).toBe(503);
    expect(await silent.closes()).toBe(4_408);
  });

  it('are closed when their token ends', async () => {
    const { json } = await api.ask('/api/v1/tokens', {
      method: 'POST',
      body: { login: 'ada', name: 'tab', scopes: ['chat'] },
    });
    const own = await open(json.token);
    const other = await open();
    Object.assign(limits, { tokensMs: 20 });
    await api.ask(`/api/v1/tokens/${json.id}`, { method: 'DELETE' });
    expect(await own.closes()).toBe(4_401);
    expect(other.closed).toBeUndefined();
  });

  it('are asked whether they live, and closed when they do not answer', async () => {
    const tab = await open();
    const dead = await open();
    dead.ws.pong = () => {};
    Object.assign(dead.ws, { _autoPong: false });
    Object.assign(limits, { pingMs: 60 });
    await once(tab.ws, 'ping');
    await dead.closes();
    expect(tab.closed).toBeUndefined();
  });

  it('that take nothing are closed, and what they missed waits in the record', async () => {
    Object.assign(limits, { bufferedBytes: 100_000 });
    const room = (await conversationOf(api, ada, 'room')).id;
    const slow = await open();
    slow.say({ type: 'join', conversation: room });
    await slow.until('joined');
    slow.ws.pause();
    const large = 'x'.repeat(30_000);
    for (let turn = 0; turn < 300; turn++) {
      const [question, answer] = [randomUUID(), randomUUID()];
      const of = { conversationId: room, by: 'ada' };
      await api.store.chat.turns.ask(
        { ...of, id: question, parentId: null, text: large },
        {
          ...of,
          id: answer,
          parentId: question,
          wish: {},
          replica: 1,
          done: { text: large, meta: {} },
        },
      );
    }
    slow.ws.resume();
    await slow.closes();
    // History is sent page by page, as quickly as the client takes it.
    Object.assign(limits, { bufferedBytes: 1_000 });
    const next = await open();
    next.remembers(slow);
    next.say({ type: 'join', conversation: room, ...next.place });
    await next.sees(({ turns }) => turns.size === 600);
  });

  it('follow only so many conversations', async () => {
    Object.assign(limits, { joined: 1 });
    const tab = await open();
    for (const ref of ['a', 'b']) {
      const conversation = (await conversationOf(api, ada)).id;
      tab.say({ type: 'join', conversation, ref });
    }
    expect(await tab.until('error', ({ ref }) => ref === 'b')).toMatchObject({
      code: 'too-many-conversations',
    });
  });
});
