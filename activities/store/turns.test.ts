import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IdTaken, Missing } from './errors.js';
import type { ChatStore } from './store.ports.js';
import { askIn, earOf, openConversation, talkIn } from './testing.chat.js';
import { type StoreWorld, storeWorld } from './testing.store.js';

let world: StoreWorld;
let postgres: StoreWorld['postgres'];
let store: StoreWorld['store'];
let chat: ChatStore;
beforeAll(async () => {
  world = await storeWorld();
  ({ postgres, store, chat } = world);
});
afterAll(() => world?.close());

const done = { status: 'done', meta: { model: 'toy' }, failure: null } as const;

describe('asking', () => {
  it('keeps the question, and the answer that is to be made', async () => {
    const { id } = await openConversation(chat);
    const { question, answer } = await askIn(chat, id, { text: 'what is a gate?' });
    expect(question).toMatchObject({
      conversationId: id,
      parentId: null,
      role: 'user',
      by: 'ada',
      status: 'done',
      text: 'what is a gate?',
      position: 1,
      attempts: 0,
    });
    expect(answer).toMatchObject({
      parentId: question.id,
      role: 'assistant',
      by: 'ada',
      status: 'queued',
      text: '',
      position: 2,
      attempts: 1,
      finishedAt: null,
    });
    expect(await chat.conversations.get(id, 'ada')).toMatchObject({ position: 2 });
  });

  it('may be repeated at any moment, also by ten callers at once, and is done once', async () => {
    const { id } = await openConversation(chat);
    const question = { id: randomUUID(), conversationId: id, parentId: null, by: 'ada', text: 'q' };
    const answer = {
      ...{ id: randomUUID(), conversationId: id, parentId: question.id, by: 'ada' },
      ...{ wish: { model: 'toy' }, replica: 1 },
    };
    const tries = Array.from({ length: 10 }, () => chat.turns.ask(question, answer));
    const [first, ...others] = await Promise.all(tries);
    for (const other of others) expect(other).toEqual(first);
    await chat.turns.append(answer.id, 1, 0, 'half');
    const late = await chat.turns.ask(question, answer);
    expect(late.answer).toMatchObject({ text: 'half', status: 'answering' });
    const all = await chat.turns.changed(id, 0, 10);
    expect(all.map((turn) => turn.id)).toEqual([question.id, answer.id]);
  });

  it('opens the conversation with it where that is wanted, once', async () => {
    const id = randomUUID();
    const answer = { id: randomUUID(), conversationId: id, parentId: null, by: 'ada' };
    const opening = { kind: 'private', owner: 'ada', title: 'first words' } as const;
    const given = {
      ...answer,
      wish: {},
      replica: 1,
      done: { text: 'known', meta: { cache: true } },
    };
    for (const _again of [1, 2]) {
      const asked = await chat.turns.ask(null, given, opening);
      expect(asked).toMatchObject({
        question: null,
        answer: { status: 'done', text: 'known', meta: { cache: true }, position: 1 },
      });
    }
    expect(await chat.conversations.get(id, 'ada')).toMatchObject({ title: 'first words' });
    const next = { ...given, id: randomUUID(), parentId: answer.id };
    expect(await chat.turns.ask(null, next, opening)).toMatchObject({ answer: { position: 2 } });
  });

  it('refuses what does not fit together, and leaves nothing half-made', async () => {
    const { id } = await openConversation(chat);
    const other = await talkIn(chat, (await openConversation(chat, { owner: 'bob' })).id);
    const fresh = () => ({ id: randomUUID(), conversationId: id, parentId: null, by: 'ada' });
    const made = { wish: {}, replica: 1 };
    const asking = (change: object, opening?: Parameters<typeof chat.turns.ask>[2]) =>
      chat.turns.ask(null, { ...fresh(), ...made, ...change }, opening);

    await expect(asking({ conversationId: randomUUID() })).rejects.toThrow(Missing);
    await expect(asking({ parentId: randomUUID() })).rejects.toThrow(Missing);
    await expect(asking({ parentId: other.answer.id })).rejects.toThrow(Missing);
    await expect(asking({ parentId: 'no uuid' })).rejects.toThrow(Missing);
    await expect(asking({ id: other.answer.id })).rejects.toThrow(IdTaken);
    const bobs = { kind: 'private', owner: 'bob', title: '' } as const;
    await expect(asking({}, bobs)).rejects.toThrow(IdTaken);
    const lost = randomUUID();
    const orphan = { conversationId: lost, parentId: randomUUID() };
    await expect(asking(orphan, { ...bobs, owner: 'ada' })).rejects.toThrow(Missing);
    expect(await chat.conversations.get(lost, 'ada')).toBeUndefined();

    const question = { ...fresh(), text: 'q' };
    const taken = { ...fresh(), ...made, id: other.answer.id, parentId: question.id };
    await expect(chat.turns.ask(question, taken)).rejects.toThrow(IdTaken);
    expect(await chat.turns.changed(id, 0, 10)).toEqual([]);
    expect(await chat.conversations.get(id, 'ada')).toMatchObject({ position: 0 });
  });
});

describe('an answer', () => {
  it('grows by what its replica adds, and says so to whoever follows it', async () => {
    const { id } = await openConversation(chat);
    const { heard, until, stop } = await earOf(store);
    const { answer } = await askIn(chat, id);
    expect(await chat.turns.append(answer.id, 1, 0, '')).toBe(true);
    expect(await chat.turns.get(answer.id)).toMatchObject({ status: 'answering', position: 3 });
    expect(await chat.turns.append(answer.id, 1, 0, 'Because ')).toBe(true);
    expect(await chat.turns.append(answer.id, 1, 8, 'it is so.')).toBe(true);
    expect(await chat.turns.finish(answer.id, 1, done)).toBe(true);
    await until(`turn:${answer.id}`, 4);
    await until(`conversation:${id}`, 3);
    await stop();
    const ours = heard.filter((one) => one === `conversation:${id}`);
    expect(ours).toHaveLength(3); // Asked, begun, ended.
    expect(await chat.turns.get(answer.id)).toMatchObject({
      ...{ status: 'done', text: 'Because it is so.', meta: { model: 'toy' } },
      ...{ position: 4, finishedAt: expect.any(Date) },
    });
  });

  it('is written by one replica only, from the place that it knows', async () => {
    const { answer } = await askIn(chat, (await openConversation(chat)).id);
    expect(await chat.turns.append(answer.id, 2, 0, 'x')).toBe(false);
    expect(await chat.turns.append(answer.id, 1, 5, 'x')).toBe(false);
    expect(await chat.turns.finish(answer.id, 2, done)).toBe(false);
    expect(await chat.turns.append(answer.id, 1, 0, 'one')).toBe(true);
    expect(await chat.turns.append(answer.id, 1, 0, 'two')).toBe(false);
    expect(await chat.turns.append(answer.id, 1, 3, ' two')).toBe(true);
    expect(await chat.turns.append(randomUUID(), 1, 0, 'x')).toBe(false);
    expect(await chat.turns.get(answer.id)).toMatchObject({ text: 'one two' });
  });

  it('takes a word again whose receipt was lost, and an end too', async () => {
    const { answer } = await askIn(chat, (await openConversation(chat)).id);
    for (const _again of [1, 2]) {
      expect(await chat.turns.append(answer.id, 1, 0, 'one')).toBe(true);
    }
    for (const _again of [1, 2]) {
      expect(await chat.turns.append(answer.id, 1, 3, ' two')).toBe(true);
    }
    for (const _again of [1, 2]) expect(await chat.turns.finish(answer.id, 1, done)).toBe(true);
    expect(await chat.turns.get(answer.id)).toMatchObject({ text: 'one two', position: 4 });
    expect(await chat.turns.finish(answer.id, 1, { ...done, status: 'failed' })).toBe(false);
  });

  it('is as long as JavaScript says, whatever it holds, and is resumed from there', async () => {
    const { answer } = await askIn(chat, (await openConversation(chat)).id);
    const words = ['👩‍👩‍👧 famiglia', 'a\0b', '\ud800', 'é', '漢字', 'e\u0301'];
    let length = 0;
    for (const word of words) {
      expect(await chat.turns.append(answer.id, 1, length, word)).toBe(true);
      length += word.length;
    }
    const stored = await chat.turns.get(answer.id);
    expect(stored?.text).toHaveLength(length);
    expect(stored?.text).toBe('👩‍👩‍👧 famigliaa\uFFFDb\uFFFDé漢字e\u0301');
    for (const from of [0, 8, length - 3, length]) {
      const rest = { status: 'answering', text: stored?.text.slice(from) };
      expect(await chat.turns.tail(answer.id, from)).toEqual(rest);
    }
    expect(await chat.turns.tail(randomUUID(), 0)).toBeUndefined();
  });

  it('without astral characters is resumed by what follows only', async () => {
    const { answer } = await askIn(chat, (await openConversation(chat)).id);
    await chat.turns.append(answer.id, 1, 0, 'smørrebrød');
    expect(await chat.turns.tail(answer.id, 4)).toEqual({ status: 'answering', text: 'rebrød' });
  });

  it('keeps its wish for who takes it over, and no longer', async () => {
    const { answer } = await askIn(chat, (await openConversation(chat)).id, { text: 'a secret' });
    const wish = () => postgres.sql(`SELECT wish FROM turns WHERE id = $1`, [answer.id]);
    expect(await wish()).toEqual([{ wish: { text: 'a secret' } }]);
    await chat.turns.finish(answer.id, 1, { ...done, text: 'whole' });
    expect(await wish()).toEqual([{ wish: null }]);
    expect(await chat.turns.get(answer.id)).toMatchObject({ text: 'whole' });
    expect(await chat.turns.tail(answer.id, 2)).toEqual({ status: 'done', text: 'ole' });
  });
});

describe('cancelling', () => {
  it('ends an answer at once with what there is of it, and its replica is told to stop', async () => {
    const { until, stop } = await earOf(store);
    const { id } = await openConversation(chat);
    const { answer } = await askIn(chat, id);
    await chat.turns.append(answer.id, 1, 0, 'half');
    expect(await chat.turns.cancel(answer.id)).toBe(true);
    await until(`turn:${answer.id}`);
    await stop();
    expect(await chat.turns.append(answer.id, 1, 4, ' more')).toBe(false);
    expect(await chat.turns.finish(answer.id, 1, done)).toBe(false);
    expect(await chat.turns.finish(answer.id, 1, { ...done, status: 'cancelled' })).toBe(false);
    expect(await chat.turns.get(answer.id)).toMatchObject({
      ...{ status: 'cancelled', text: 'half', finishedAt: expect.any(Date) },
    });
  });

  it('works while it is queued, and says no to what has ended or is not there', async () => {
    const { answer } = await askIn(chat, (await openConversation(chat)).id);
    expect(await chat.turns.cancel(answer.id)).toBe(true);
    expect(await chat.turns.cancel(answer.id)).toBe(false);
    expect(await chat.turns.cancel(randomUUID())).toBe(false);
    expect(await chat.turns.cancel('nothing')).toBe(false);
  });

  it('and finishing at the same moment leave one end, and tell each whether it was theirs', async () => {
    const { id } = await openConversation(chat);
    for (let round = 0; round < 20; round += 1) {
      const { answer } = await askIn(chat, id);
      const [cancelled, finished] = await Promise.all([
        chat.turns.cancel(answer.id),
        chat.turns.finish(answer.id, 1, done),
      ]);
      expect(cancelled).not.toBe(finished);
      const { status } = (await chat.turns.get(answer.id)) ?? {};
      expect(status).toBe(cancelled ? 'cancelled' : 'done');
    }
  });
});

describe('a reader', () => {
  it('who saw a position gets exactly what changed after it', async () => {
    const { id } = await openConversation(chat, { kind: 'room' });
    const first = await talkIn(chat, id);
    const seen = (await chat.turns.changed(id, 0, 200)).at(-1)?.position ?? 0;
    expect(await chat.turns.changed(id, seen, 200)).toEqual([]);
    await chat.turns.rate(first.answer.id, 'bob', 'up', 'clear');
    const second = await askIn(chat, id, { parentId: first.answer.id });
    const news = await chat.turns.changed(id, seen, 200);
    const ids = [first.answer.id, second.question.id, second.answer.id];
    expect(news.map((turn) => turn.id)).toEqual(ids);
    expect(await chat.turns.changed(id, seen, 1)).toHaveLength(1);
  });

  it('misses nothing while twenty people ask and are answered at once', async () => {
    const { id } = await openConversation(chat, { kind: 'room' });
    const seen = new Map<string, string>();
    let position = 0;
    let isOver = false;
    const reader = async (): Promise<void> => {
      for (let last = false; !last; ) {
        last = isOver;
        for (const turn of await chat.turns.changed(id, position, 7)) {
          expect(turn.position).toBeGreaterThan(position);
          position = turn.position;
          seen.set(turn.id, turn.status);
          last = false;
        }
      }
    };
    const reading = reader();
    await Promise.all(Array.from({ length: 20 }, (_, i) => talkIn(chat, id, { by: `user-${i}` })));
    isOver = true;
    await reading;
    expect([...seen.values()]).toEqual(Array.from({ length: 40 }, () => 'done'));
  });

  it('gets the way from the root to a turn, past its siblings, and its last 200 turns', async () => {
    const { id } = await openConversation(chat);
    const first = await talkIn(chat, id, { text: 'one' });
    await talkIn(chat, id, { text: 'aside', parentId: first.answer.id });
    const second = await talkIn(chat, id, { text: 'two', parentId: first.answer.id });
    const way = await chat.turns.path(second.answer.id);
    expect(way.map((turn) => turn.text)).toEqual(['one', 'because', 'two', 'because']);
    expect(await chat.turns.path(randomUUID())).toEqual([]);
    let parentId = second.answer.id;
    for (let i = 0; i < 100; i += 1) parentId = (await talkIn(chat, id, { parentId })).answer.id;
    const long = await chat.turns.path(parentId);
    expect(long).toHaveLength(200);
    expect(long.at(-1)?.id).toBe(parentId);
  });
});

describe('thumbs', () => {
  it('are the last word of each person, and nothing new when said again', async () => {
    const { id } = await openConversation(chat, { kind: 'room' });
    const { answer } = await talkIn(chat, id);
    await chat.turns.rate(answer.id, 'ada', 'up', null);
    await chat.turns.rate(answer.id, 'bob', 'down', 'too\0 short');
    await chat.turns.rate(answer.id, 'ada', 'down', 'on second thought');
    const before = await chat.turns.get(answer.id);
    await chat.turns.rate(answer.id, 'ada', 'down', 'on second thought');
    await chat.turns.rate(randomUUID(), 'ada', 'up', null);
    expect(await chat.turns.get(answer.id)).toEqual(before);
    const ratings = await chat.turns.ratings([answer.id]);
    expect(ratings.map(({ by, thumb, comment }) => [by, thumb, comment])).toEqual([
      ['ada', 'down', 'on second thought'],
      ['bob', 'down', 'too short'],
    ]);
  });
});
