import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StoreUnavailable } from '../../activities/store/errors.js';
import { createClient, type PlacedTurnEvent, textAfter } from '../client/client.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { type Second, secondApi } from './testing/second.js';
import { conversationOf, Gate, hurry, obey, say, settled, turnOf } from './testing/talk.js';
import { TURN_LIMITS_TOKEN } from './turns.limits.js';

// Following an answer over every break, on every replica: nothing lost, nothing twice.

const AT = '/api/v1/chat';
const TEXT = 'Ein Zug 🚂 fährt – langsam,\nsehr langsam 👩‍👩‍👧 – nach Köln und zurück.';
let api: TestApi;
let other: Second;
let urls: string[];
let ada: string;
beforeAll(async () => {
  api = await startTestApi();
  hurry(api);
  other = await secondApi(api);
  ada = await api.tokenOf('ada', ['chat']);
  urls = [await api.listen(), await other.listen()];
});
afterAll(async () => {
  await other.close();
  await api.close();
});
afterEach(() => {
  obey(api.chat);
  obey(other.chat);
});

const clientOf = (url: string | undefined, fetchLike?: typeof fetch) =>
  createClient({ url: url ?? '', token: ada, ...(fetchLike ? { fetch: fetchLike } : {}) });

/** Reads to the end; what the reader then has. */
async function read(events: AsyncGenerator<PlacedTurnEvent>, text = ''): Promise<string> {
  let read = text;
  for await (const event of events) read = textAfter(read, event);
  return read;
}

describe('a stream of an answer', () => {
  it('goes on at every character that was sent, on any replica', async () => {
    api.chat.models.text = TEXT;
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    await settled(api);
    const cut = fc.record({
      chars: fc.integer({ min: 0, max: TEXT.length }),
      url: fc.constantFrom(...urls),
    });
    await fc.assert(
      fc.asyncProperty(cut, async ({ chars, url }) => {
        const events = clientOf(url).chat.turns.events(answer.id, { after: String(chars) });
        expect(await read(events, TEXT.slice(0, chars))).toBe(TEXT);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same for who is cut off after every event while it is made', async () => {
    api.chat.models.text = TEXT;
    let go: (() => void) | undefined;
    api.chat.models.beforeWord = () => new Promise((resolve) => (go = resolve));
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    const readings = urls.map((url) => {
      let cuts = 0;
      const cutting: typeof fetch = async (input, init) => {
        const response = await fetch(input, init);
        if (++cuts > 5 || !response.body) return response;
        return new Response(cutAfterEvents(response.body, 2), response);
      };
      return read(clientOf(url, cutting).chat.turns.events(answer.id));
    });
    const words = setInterval(() => go?.(), 10);
    try {
      for (const reading of readings) expect(await reading).toBe(TEXT);
    } finally {
      clearInterval(words);
    }
  });

  it('refuses a place that it never gave out', async () => {
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    for (const place of ['x', '-1', '1.5', '1-2-3', '9'.repeat(30)]) {
      const asked = { token: ada, headers: { 'last-event-id': place } };
      const { status } = await api.ask(`${AT}/turns/${answer.id}/events`, asked);
      expect([place, status]).toEqual([place, 400]);
    }
  });

  it('tells a reader of another replica what is made here, and stops it from there', async () => {
    const gate = new Gate(api.chat.models, 3);
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    await gate.reached;
    const events = clientOf(urls[1]).chat.turns.events(answer.id);
    let text = '';
    while (text !== 'the answer is') text = textAfter(text, (await events.next()).value);
    const { json } = await other.ask(`${AT}/turns/${answer.id}/cancel`, {
      method: 'POST',
      token: ada,
      body: {},
    });
    expect(json).toMatchObject({ status: 'cancelled', text: 'the answer is' });
    const rest: PlacedTurnEvent[] = [];
    for await (const event of events) rest.push(event);
    expect(rest.at(-1)).toMatchObject({ event: 'done', data: { status: 'cancelled' } });
    gate.release();
    await settled(api);
    expect(await turnOf(api, ada, answer.id)).toMatchObject({ text: 'the answer is' });
  });
});

describe('when a replica dies in the middle of an answer', () => {
  it('another one goes on from the stored text, and readers come to the same end', async () => {
    const dying = await secondApi(api);
    // What comes after the first words is told to readers, and never stored.
    const { turns } = dying.store.chat;
    const append = turns.append;
    turns.append = async (...[id, replica, from, text]) => {
      if (from > 0) throw new StoreUnavailable(new Error('away'));
      return append(id, replica, from, text);
    };
    const { id } = await conversationOf(api, ada);
    const isStored = async (turn: string) => (await api.store.chat.turns.get(turn))?.text === 'the';
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    dying.chat.models.beforeWord = async (wish, index) => {
      while (index === 1 && !(await isStored(wish.id)));
      if (index === 3) await held;
    };
    const answerId = (await say(dying, ada, id)).answer.id;
    const seen = clientOf(await dying.listen()).chat.turns.events(answerId);
    let [text, place] = ['', '0' as string | undefined];
    while (text !== 'the answer is') {
      const { value } = await seen.next();
      text = textAfter(text, value);
      place = value.place;
    }
    api.chat.models.text = 'the others say something else';
    other.chat.models.text = api.chat.models.text;
    await dying.die();
    const events = clientOf(urls[0]).chat.turns.events(answerId, { after: place ?? '0' });
    expect(await read(events, text)).toBe('the others say something else');
    expect(await turnOf(api, ada, answerId)).toMatchObject({
      status: 'done',
      attempt: 2,
      text: 'the others say something else',
    });
    release();
    await seen.return(undefined);
    await dying.close();
  });

  it('one that does not know yet what it serves leaves the answer to others', async () => {
    const dying = await secondApi(api);
    const gate = new Gate(dying.chat.models, 2);
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(dying, ada, id);
    await gate.reached;
    api.chat.models.hasLooked = false;
    other.chat.models.hasLooked = false;
    const { turns } = api.store.chat;
    const { adopt } = turns;
    let looks = 0;
    turns.adopt = async (...of) => {
      looks++;
      return adopt(...of);
    };
    await dying.die();
    other.chat.models.hasLooked = true;
    expect(await read(clientOf(urls[0]).chat.turns.events(answer.id))).toBe(api.chat.models.text);
    expect(looks).toBe(0);
    turns.adopt = adopt;
    gate.release();
    await dying.close();
  });

  it('gives its answers away when it ends in order, with all their text', async () => {
    const leaving = await secondApi(api);
    const gate = new Gate(leaving.chat.models, 2);
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(leaving, ada, id);
    await gate.reached;
    Object.assign(leaving.app.get(TURN_LIMITS_TOKEN, { strict: false }), { drainMs: 1 });
    const closing = leaving.close();
    gate.release();
    await closing;
    const done = await read(clientOf(urls[0]).chat.turns.events(answer.id));
    expect(done).toBe('the answer is always the same');
  });
});

function cutAfterEvents(body: ReadableStream<Uint8Array>, events: number) {
  let seen = 0;
  const cutter = new TransformStream<Uint8Array, Uint8Array>({
    transform: (part, controller) => {
      for (const piece of new TextDecoder().decode(part).split(/(?<=\n\n)/)) {
        controller.enqueue(new TextEncoder().encode(piece));
        if (piece.startsWith('event:') && ++seen === events) controller.error(new Error('cut'));
        if (seen >= events) return;
      }
    },
  });
  return body.pipeThrough(cutter);
}
