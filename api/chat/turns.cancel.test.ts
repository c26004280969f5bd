import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { GENERATION } from '../generation/generation.ports.js';
import { Streams } from '../platform/sse.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { type Second, secondApi } from './testing/second.js';
import { Tab } from './testing/tab.js';
import {
  conversationOf,
  type Door,
  ended,
  Gate,
  hurry,
  obey,
  say,
  settled,
  stopped,
  turnOf,
} from './testing/talk.js';
import { Turns } from './turns.js';

// Stopping an answer: in every state, from every replica, and by leaving only where that was asked.

const AT = '/api/v1/chat';
let api: TestApi;
let other: Second;
let url: string;
let ada: string;
beforeAll(async () => {
  api = await startTestApi();
  hurry(api);
  other = await secondApi(api);
  ada = await api.tokenOf('ada', ['chat']);
  url = await api.listen();
});
afterAll(async () => {
  await other.close();
  await api.close();
});
afterEach(() => obey(api.chat));

const cancel = (door: Door, id: string, token = ada) =>
  door.ask(`${AT}/turns/${id}/cancel`, { method: 'POST', token, body: {} });

/** Fills every slot of the model, so that the next answer waits. */
async function busy(): Promise<Gate> {
  const gate = new Gate(api.chat.models, 1);
  for (let slot = 0; slot < api.chat.models.modelLoad.slots; slot++) {
    const { id } = await conversationOf(api, ada);
    await say(api, ada, id);
  }
  await gate.reached;
  return gate;
}

describe.each(['here', 'from another replica'])('a cancel %s', (where) => {
  const door = (): Door => (where === 'here' ? api : other);

  it('takes an answer out of the queue', async () => {
    const gate = await busy();
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    const { status, json } = await cancel(door(), answer.id);
    expect([status, json.status]).toEqual([200, 'cancelled']);
    await ended(api, ada, answer.id);
    gate.release();
    await settled(api);
    expect(await turnOf(api, ada, answer.id)).toMatchObject({ status: 'cancelled', text: '' });
  });

  it('stops a prompt that is being read', async () => {
    const gate = new Gate(api.chat.models, 0);
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    await gate.reached;
    const cancelling = cancel(door(), answer.id);
    await stopped(api, answer.id);
    gate.release();
    await cancelling;
    await settled(api);
    expect(await turnOf(api, ada, answer.id)).toMatchObject({ status: 'cancelled' });
  });

  it('stops an answer that is being written, and keeps what was stored', async () => {
    const gate = new Gate(api.chat.models, 3);
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    await gate.reached;
    while ((await api.store.chat.turns.get(answer.id))?.text !== 'the answer is');
    const cancelling = cancel(door(), answer.id);
    await stopped(api, answer.id);
    gate.release();
    await cancelling;
    await settled(api);
    expect(await turnOf(api, ada, answer.id)).toMatchObject({
      status: 'cancelled',
      text: expect.stringMatching(/^the answer is/),
    });
  });

  it('of an answer that has ended changes nothing, as often as it is sent', async () => {
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    await ended(api, ada, answer.id);
    await settled(api);
    for (let times = 0; times < 2; times++) {
      expect((await cancel(door(), answer.id)).json).toMatchObject({ status: 'done' });
    }
  });
});

describe('a cancel', () => {
  it('is for whoever asked, owns the conversation, or is an admin', async () => {
    const bob = await api.tokenOf('bob', ['chat']);
    const eve = await api.tokenOf('eve', ['chat']);
    const room = await conversationOf(api, ada, 'room');
    const gate = new Gate(api.chat.models, 1);
    const { answer } = await say(api, bob, room.id);
    await gate.reached;
    expect((await cancel(api, answer.id, eve)).status).toBe(403);
    const cancelling = cancel(api, answer.id);
    await stopped(api, answer.id);
    gate.release();
    expect((await cancelling).json.status).toBe('cancelled');
  });

  it('through the list of what is in flight ends the turn, too', async () => {
    const gate = new Gate(api.chat.models, 1);
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    await gate.reached;
    expect(api.app.get(GENERATION, { strict: false }).cancel(answer.id, 'ada')).toBe(true);
    gate.release();
    expect(await ended(api, ada, answer.id)).toMatchObject({ status: 'cancelled' });
  });
});

describe('a reader who leaves', () => {
  const stays = () => new Promise((resolve) => setImmediate(resolve));
  /** Somebody asks in ada's room, and somebody begins to read the answer, which waits at the gate. */
  const reading = async (
    body: Record<string, unknown>,
    query = '',
    { reader = ada, asker = ada } = {},
  ) => {
    const gate = new Gate(api.chat.models, 1);
    const { id } = await conversationOf(api, ada, 'room');
    const { answer } = await say(api, asker, id, body);
    await gate.reached;
    const leaving = new AbortController();
    const events = await fetch(`${url}${AT}/turns/${answer.id}/events${query}`, {
      headers: { authorization: `Bearer ${reader}` },
      signal: leaving.signal,
    });
    if (events.ok) await events.body?.getReader().read();
    const streams = api.app.get(Streams, { strict: false });
    const leave = () => leaving.abort();
    const left = async () => {
      leave();
      while (streams.count > 0) await stays();
    };
    return { gate, conversation: id, answer, status: events.status, leave, left };
  };
  const reasonOf = (id: string) =>
    api.app.get(Turns, { strict: false }).runner.live(id)?.stopReason;

  it.each([
    ['in the message', { cancelOnDisconnect: true }, ''],
    ['by the reader', {}, '?cancelOnDisconnect=true'],
  ])('stops the answer where that was asked %s', async (_where, body, query) => {
    const { gate, answer, leave } = await reading(body, query);
    leave();
    await stopped(api, answer.id);
    gate.release();
    expect(await ended(api, ada, answer.id)).toMatchObject({ status: 'cancelled' });
  });

  it('stops the answer of somebody else as its room’s owner or an admin', async () => {
    const bob = await api.tokenOf('bob', ['chat']);
    for (const reader of [ada, api.admin]) {
      const people = { asker: bob, reader };
      const { gate, answer, leave } = await reading({}, '?cancelOnDisconnect=true', people);
      leave();
      await stopped(api, answer.id);
      gate.release();
      expect(await ended(api, bob, answer.id)).toMatchObject({ status: 'cancelled' });
    }
  });

  it('and may not cancel the answer cannot ask for that either', async () => {
    const bob = await api.tokenOf('bob', ['chat']);
    const { gate, answer, status } = await reading({}, '?cancelOnDisconnect=true', { reader: bob });
    expect(status).toBe(403);
    gate.release();
    expect(await ended(api, ada, answer.id)).toMatchObject({ status: 'done' });
  });

  it('and may not cancel the answer stops none that its asker would', async () => {
    const bob = await api.tokenOf('bob', ['chat']);
    const { gate, answer, left } = await reading({ cancelOnDisconnect: true }, '', { reader: bob });
    await left();
    expect(reasonOf(answer.id)).toBeUndefined();
    gate.release();
    expect(await ended(api, ada, answer.id)).toMatchObject({ status: 'done' });
  });

  it('leaves the answer to others who still read it', async () => {
    const { gate, answer, leave } = await reading({ cancelOnDisconnect: true });
    const client = ended(api, ada, answer.id);
    await stays();
    leave();
    gate.release();
    expect(await client).toMatchObject({ status: 'done' });
  });

  it('leaves the answer to who has its conversation open, on whichever replica', async () => {
    const bob = await api.tokenOf('bob', ['chat']);
    const { presence } = api.store.chat;
    const { list } = presence;
    const { gate, conversation, answer, left } = await reading({ cancelOnDisconnect: true });
    const tab = await Tab.open(await other.listen(), bob);
    tab.say({ type: 'join', conversation });
    while ((await list(conversation)).length === 0);
    const looked = new Promise((resolve) => {
      presence.list = async (id) => {
        const here = await list(id);
        setImmediate(resolve);
        return here;
      };
    });
    await left();
    await looked;
    presence.list = list;
    expect(reasonOf(answer.id)).toBeUndefined();
    gate.release();
    expect(await ended(api, ada, answer.id)).toMatchObject({ status: 'done' });
    tab.ws.close();
  });
});
