import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { StoreUnavailable } from '../../activities/store/errors.js';
import { SOCKET_PATH, SOCKET_PROTOCOL } from '../client/wire.socket.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { Sockets } from './sockets.js';
import { type Second, secondApi } from './testing/second.js';
import { Tab } from './testing/tab.js';
import { conversationOf, Gate, hurry, obey, settled } from './testing/talk.js';

// Chat over WebSockets: real clients, two replicas, one record.

let api: TestApi;
let other: Second;
let [here, there]: [string, string] = ['', ''];
let ada: string;
let bob: string;
beforeAll(async () => {
  api = await startTestApi();
  hurry(api);
  other = await secondApi(api);
  [ada, bob] = [await api.tokenOf('ada', ['chat']), await api.tokenOf('bob', ['chat'])];
  [here, there] = [await api.listen(), await other.listen()];
});
const tabs: Tab[] = [];
afterAll(async () => {
  await other.close();
  await api.close();
});
afterEach(async () => {
  for (const tab of tabs.splice(0)) tab.cut();
  obey(api.chat);
  obey(other.chat);
});

async function open(url = here, token = ada): Promise<Tab> {
  const tab = await Tab.open(url, token);
  tabs.push(tab);
  return tab;
}

async function joined(conversation: string, url = here, token = ada): Promise<Tab> {
  const tab = await open(url, token);
  tab.say({ type: 'join', conversation });
  await tab.until('joined');
  return tab;
}

const answerOf = (tab: Tab) => [...tab.turns.values()].findLast(({ role }) => role === 'assistant');
const isAnswered = (text: string) => (tab: Tab) =>
  answerOf(tab)?.status === 'done' && answerOf(tab)?.text === text;

describe('a room', () => {
  it('shows everybody in every tab on every replica the same, and answers each message', async () => {
    const room = (await conversationOf(api, ada, 'room')).id;
    const all = [await joined(room), await joined(room), await joined(room, there, bob)];
    all[2]?.say({ type: 'say', conversation: room, id: randomUUID(), text: 'hello', ref: 'r1' });
    await all[2]?.until('ok', ({ ref }) => ref === 'r1');
    for (const tab of all) await tab.sees(isAnswered('the answer is always the same'));
    const shown = all.map((tab) => [...tab.turns]);
    expect(shown[1]).toEqual(shown[0]);
    expect(shown[2]).toEqual(shown[0]);
    expect(other.chat.models.wishes.at(-1)?.prompt).toMatchObject({
      messages: [{ role: 'system' }, { role: 'user', content: 'bob says: hello' }],
    });
    await settled(other);
  });

  it('knows who is present, over tabs and replicas, and when they leave', async () => {
    const room = (await conversationOf(api, ada, 'room')).id;
    const first = await joined(room);
    await joined(room);
    const far = await joined(room, there, bob);
    const both = [
      { login: 'ada', tabs: 2 },
      { login: 'bob', tabs: 1 },
    ];
    for (const tab of [first, far]) {
      await tab.until('presence', ({ users }) => JSON.stringify(users) === JSON.stringify(both));
    }
    far.cut();
    const count = first.heard.length;
    await first.sees(({ heard }) =>
      heard.slice(count).some((one) => one.type === 'presence' && one.users.length === 1),
    );
  });

  it('shows who types', async () => {
    const room = (await conversationOf(api, ada, 'room')).id;
    const first = await joined(room);
    const far = await joined(room, there, bob);
    await first.until('presence', ({ users }) => users.length === 2);
    far.say({ type: 'typing', conversation: room });
    await first.until('typing', ({ logins }) => logins.includes('bob'));
  });

  it('that was removed says so', async () => {
    const room = (await conversationOf(api, ada, 'room')).id;
    const tab = await joined(room, there, bob);
    await api.ask(`/api/v1/chat/conversations/${room}`, { method: 'DELETE', token: ada });
    expect(await tab.until('error')).toMatchObject({ code: 'not-found' });
  });
});

describe('a client that comes back', () => {
  it('loses nothing and is told nothing twice, wherever it was cut, on either replica', async () => {
    const text = 'one two three four five six seven eight nine ten';
    api.chat.models.text = text;
    let go: (() => void) | undefined;
    api.chat.models.beforeWord = () => new Promise((resolve) => (go = resolve));
    const words = setInterval(() => go?.(), 5);
    try {
      const { id } = await conversationOf(api, ada);
      let tab = await joined(id);
      tab.say({ type: 'say', conversation: id, text: 'count' });
      for (let cuts = 1; !isAnswered(text)(tab); cuts++) {
        const chars = (answerOf(tab)?.text.length ?? 0) + 3;
        await tab.sees((one) => (answerOf(one)?.text.length ?? 0) >= Math.min(chars, text.length));
        tab.cut();
        const next = await open(cuts % 2 === 0 ? here : there);
        next.remembers(tab);
        next.say({ type: 'join', conversation: id, ...next.place });
        await next.until('joined');
        tab = next;
        if (answerOf(tab)?.text === text) await tab.sees(isAnswered(text));
      }
      expect(answerOf(tab)?.text).toBe(text);
    } finally {
      clearInterval(words);
    }
  });

  it('keeps text of one replica that another one does not know yet', async () => {
    const { turns } = api.store.chat;
    const { append } = turns;
    turns.append = async (...[id, replica, from, text]) => {
      if (from > 0) throw new StoreUnavailable(new Error('away'));
      return append(id, replica, from, text);
    };
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    api.chat.models.beforeWord = async ({ id: turn }, index) => {
      while (index === 1 && (await turns.get(turn))?.text !== 'the');
      if (index === 3) await held;
    };
    const { id } = await conversationOf(api, ada);
    const tab = await joined(id);
    tab.say({ type: 'say', conversation: id, text: 'why?' });
    await tab.sees((one) => answerOf(one)?.text === 'the answer is');
    tab.cut();
    const next = await open(there);
    next.remembers(tab);
    next.say({ type: 'join', conversation: id, after: 0, seen: next.place.seen });
    await next.until('joined');
    expect(answerOf(next)?.text).toBe('the answer is');
    turns.append = append;
    release();
    await next.sees(isAnswered(api.chat.models.text));
  });

  it('is given an answer whole that ended while it was away', async () => {
    const gate = new Gate(api.chat.models, 2);
    const { id } = await conversationOf(api, ada);
    const tab = await joined(id);
    tab.say({ type: 'say', conversation: id, text: 'why?' });
    await gate.reached;
    await tab.sees((one) => answerOf(one)?.text === 'the answer');
    tab.cut();
    gate.release();
    await settled(api);
    const next = await open(there);
    next.remembers(tab);
    next.say({ type: 'join', conversation: id, ...next.place });
    await next.sees(isAnswered(api.chat.models.text));
    const [page] = next.heard.filter((one) => one.type === 'joined');
    // Only what was missing travels again.
    expect(page).toMatchObject({ turns: [{ from: 10, text: ' is always the same' }] });
  });

  it('is given long histories in pages', async () => {
    const { id } = await conversationOf(api, ada);
    for (let turn = 0; turn < 60; turn++) {
      const [question, answer] = [randomUUID(), randomUUID()];
      const of = { conversationId: id, by: 'ada' };
      await api.store.chat.turns.ask(
        { ...of, id: question, parentId: null, text: `q${turn}` },
        {
          ...of,
          id: answer,
          parentId: question,
          wish: {},
          replica: 1,
          done: { text: 'a', meta: {} },
        },
      );
    }
    const tab = await open();
    tab.say({ type: 'join', conversation: id, ref: 'j' });
    await tab.until('joined', ({ hasMore, ref }) => !hasMore && ref === 'j');
    expect(tab.turns.size).toBe(120);
    expect(tab.heard.filter(({ type }) => type === 'joined').length).toBeGreaterThan(1);
  });
});

describe('an answer', () => {
  it('is cancelled from any tab, and edited and made again beside itself', async () => {
    const gate = new Gate(api.chat.models, 2);
    const { id } = await conversationOf(api, ada);
    const tab = await joined(id);
    const far = await joined(id, there);
    tab.say({ type: 'say', conversation: id, text: 'why?', ref: 's' });
    const { question, answer } = await tab.until('ok', ({ ref }) => ref === 's');
    await gate.reached;
    far.say({ type: 'cancel', turn: answer, ref: 'c' });
    await far.until('ok', ({ ref }) => ref === 'c');
    for (const one of [tab, far]) {
      await one.sees(({ turns }) => turns.get(answer ?? '')?.status === 'cancelled');
    }
    gate.release();
    obey(api.chat);
    tab.say({ type: 'regenerate', turn: answer, ref: 'r' });
    const again = await tab.until('ok', ({ ref }) => ref === 'r');
    tab.say({ type: 'edit', turn: question, text: 'why not?', ref: 'e' });
    const edited = await tab.until('ok', ({ ref }) => ref === 'e');
    for (const one of [again.answer, edited.answer]) {
      await far.sees(({ turns }) => turns.get(one ?? '')?.status === 'done');
    }
  });
});

describe('who comes in', () => {
  const opening = (headers: Record<string, string>, protocols = [SOCKET_PROTOCOL]) =>
    new WebSocket(here.replace('http', 'ws') + SOCKET_PATH, protocols, { headers });

  it('says so by header, or by a subprotocol that is not repeated', async () => {
    const byHeader = opening({ authorization: `Bearer ${ada}` });
    const [greeting] = (await once(byHeader, 'message')) as [Buffer];
    expect(JSON.parse(greeting.toString())).toEqual({ type: 'state', state: 'open', login: 'ada' });
    const byProtocol = opening({}, [SOCKET_PROTOCOL, `bearer.${bob}`]);
    const [second] = (await once(byProtocol, 'message')) as [Buffer];
    expect(JSON.parse(second.toString()).login).toBe('bob');
    expect(byProtocol.protocol).toBe(SOCKET_PROTOCOL);
    byHeader.terminate();
    byProtocol.terminate();
  });

  it.each([
    ['a wrong token', { authorization: 'Bearer slp_wrong' }, 401],
    ['a page of somebody else', { origin: 'https://evil.example' }, 403],
  ])('with %s is refused before there is a socket', async (_what, headers, status) => {
    const ws = opening(headers as unknown as Record<string, string>);
    ws.on('error', () => {});
    const [request, response] = await once(ws, 'unexpected-response');
    request.destroy();
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toContain('problem+json');
  });

  it('from one of our pages is let in', async () => {
    const ws = opening({ origin: here, authorization: `Bearer ${ada}` });
    await once(ws, 'open');
    ws.terminate();
  });

  it('without the scope, or with a wrong hello, is closed', async () => {
    const eve = await api.tokenOf('eve', ['read']);
    for (const [token, code] of [
      [eve, 4_403],
      ['slp_no', 4_401],
    ] as const) {
      const tab = Tab.silent(here);
      await once(tab.ws, 'open');
      tab.say({ type: 'hello', token });
      expect(await tab.closes()).toBe(code);
    }
    const silent = Tab.silent(here);
    await once(silent.ws, 'open');
    silent.say({ type: 'leave', conversation: randomUUID() });
    expect(await silent.closes()).toBe(4_401);
  });

  it('as plain HTTP is told what this is', async () => {
    const { status, json, headers } = await api.ask(SOCKET_PATH);
    expect([status, json.status, headers['upgrade']]).toEqual([426, 426, 'websocket']);
  });
});

describe('a hostile client', () => {
  it.each([
    ['no JSON', '{', 'bad-input'],
    ['no known message', '{"type":"sudo"}', 'bad-input'],
    ['a surplus field', '{"type":"typing","conversation":"x","admin":true}', 'bad-input'],
    ['a prototype', '{"__proto__":{"type":"say"}}', 'bad-input'],
    [
      'too much',
      JSON.stringify({ type: 'say', conversation: randomUUID(), text: 'x'.repeat(40_000) }),
      'bad-input',
    ],
    [
      'a conversation that is not there',
      `{"type":"join","conversation":"${randomUUID()}"}`,
      'not-found',
    ],
    ['a turn that is not there', `{"type":"cancel","turn":"${randomUUID()}"}`, 'not-found'],
  ])('that sends %s is told so, and stays', async (_what, message, code) => {
    const tab = await open();
    tab.ws.send(message);
    expect(await tab.until('error')).toMatchObject({ code });
    tab.ws.send(message);
    expect(tab.closed).toBeUndefined();
  });

  it('that sends a frame without end, or bytes that are no text, is closed', async () => {
    const large = await open();
    large.ws.send('x'.repeat(300_000));
    expect(await large.closes()).toBe(1_009);
    const broken = await open();
    broken.ws.send(Buffer.from([0xc3, 0x28]), { binary: false });
    expect(await broken.closes()).toBe(1_007);
    const binary = await open();
    binary.ws.send(Buffer.from([1, 2, 3]));
    expect(await binary.until('error')).toMatchObject({ code: 'bad-input' });
  });

  it('that sends more than anybody types is closed', async () => {
    const tab = await open();
    for (let count = 0; count < 300; count++)
      tab.say({ type: 'leave', conversation: randomUUID() });
    expect(await tab.closes()).toBe(1_008);
  });

  it('cannot follow, read or stop what is private to somebody else', async () => {
    const { id } = await conversationOf(api, ada);
    const own = await joined(id);
    own.say({ type: 'say', conversation: id, text: 'secret', ref: 's' });
    const { answer } = await own.until('ok', ({ ref }) => ref === 's');
    const tab = await open(there, bob);
    for (const message of [
      { type: 'join', conversation: id },
      { type: 'say', conversation: id, text: 'x' },
      { type: 'cancel', turn: answer },
      { type: 'typing', conversation: id },
      { type: 'regenerate', turn: answer },
    ]) {
      tab.say({ ...message, ref: message.type });
      const refused = await tab.until('error', ({ ref }) => ref === message.type);
      expect(refused.code).toBe('not-found');
    }
    expect(JSON.stringify(tab.heard)).not.toContain('secret');
  });
});

describe('the end of a process', () => {
  it('sends its clients to another replica', async () => {
    const ending = await secondApi(api);
    const tab = await Tab.open(await ending.listen(), ada);
    await ending.close();
    expect(await tab.closes()).toBe(1_012);
    expect(tab.heard.at(-1)).toMatchObject({ type: 'state', state: 'leaving' });
    expect(ending.app.get(Sockets, { strict: false }).count).toBe(0);
  });
});
