import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Talk } from './chat.ports.js';
import { IdTaken } from './errors.js';
import type { ChatStore } from './store.ports.js';
import { openConversation } from './testing.chat.js';
import { type StoreWorld, storeWorld } from './testing.store.js';
import { MAX_TALKS } from './turns.keep.js';

let world: StoreWorld;
let chat: ChatStore;
beforeAll(async () => {
  world = await storeWorld();
  ({ chat } = world);
});
afterAll(() => world?.close());

function talkOf(owner: string, fields: Partial<Talk> = {}): Talk {
  return {
    conversation: { id: randomUUID(), owner },
    by: owner,
    replica: 1,
    question: { id: randomUUID(), text: 'what is a \0gate?' },
    answer: {
      id: randomUUID(),
      text: 'A “door” {🚪}, \\N, "NULL"',
      meta: { model: 'toy', odd: '\0,{}' },
    },
    ...fields,
  };
}

describe('a talk that is whole', () => {
  it('comes into being with its conversation, and is read like every other', async () => {
    const talk = talkOf('ada');
    await chat.turns.keep(talk);
    const { id } = talk.conversation;
    expect(await chat.conversations.get(id, 'ada')).toMatchObject({
      kind: 'private',
      owner: 'ada',
      title: '',
      position: 2,
    });
    const [question, answer] = await chat.turns.path(talk.answer.id);
    const of = { conversationId: id, by: 'ada', status: 'done', failure: null };
    expect(question).toMatchObject({
      ...of,
      ...{ id: talk.question.id, role: 'user', parentId: null, position: 1, attempts: 0 },
      text: 'what is a \uFFFDgate?',
    });
    expect(answer).toMatchObject({
      ...of,
      ...{ id: talk.answer.id, role: 'assistant', parentId: talk.question.id, position: 2 },
      text: talk.answer.text,
      meta: { model: 'toy', odd: ',{}' },
      attempts: 1,
    });
    expect(answer?.finishedAt?.getTime()).toBeGreaterThanOrEqual(
      question?.finishedAt?.getTime() ?? 0,
    );
  });

  it('may be said again, also while it is stored, and is there once', async () => {
    const talk = talkOf('ada');
    await Promise.all([1, 2, 3].map(() => chat.turns.keep(talk)));
    await chat.turns.keep(talk);
    expect(await chat.turns.changed(talk.conversation.id, 0, 10)).toHaveLength(2);
  });

  it('is stored with all that come with it, more than one statement takes', async () => {
    const talks = Array.from({ length: 2 * MAX_TALKS + 1 }, () => talkOf('eve'));
    await Promise.all(talks.map((talk) => chat.turns.keep(talk)));
    const paths = await Promise.all(talks.map(({ answer }) => chat.turns.path(answer.id)));
    expect(paths.map((turns) => turns.map(({ id }) => id))).toEqual(
      talks.map(({ question, answer }) => [question.id, answer.id]),
    );
  });

  it('of a conversation that is there already goes on in it, one after the other', async () => {
    const conversation = { id: randomUUID(), owner: 'ada' };
    const talks = [1, 2, 3].map(() => talkOf('ada', { conversation }));
    await Promise.all(talks.map((talk) => chat.turns.keep(talk)));
    const turns = await chat.turns.changed(conversation.id, 0, 10);
    expect(turns.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('that cannot be stored spoils no other: of somebody else’s conversation, or with an id of another turn', async () => {
    const taken = await openConversation(chat, { owner: 'bob' });
    const before = talkOf('bob');
    await chat.turns.keep(before);
    const stranger = talkOf('ada', { conversation: { id: taken.id, owner: 'ada' } });
    const twin = talkOf('ada', { answer: before.answer });
    const good = [talkOf('ada'), talkOf('eve')];
    const first = chat.turns.keep(talkOf('ada')); // The others gather behind it.
    const refused = [stranger, twin].map((talk) => chat.turns.keep(talk));
    const kept = good.map((talk) => chat.turns.keep(talk));
    for (const one of refused) await expect(one).rejects.toBeInstanceOf(IdTaken);
    await Promise.all([first, ...kept]);
    for (const talk of good) expect(await chat.turns.path(talk.answer.id)).toHaveLength(2);
    expect(await chat.turns.changed(taken.id, 0, 10)).toEqual([]);
    expect(await chat.conversations.get(twin.conversation.id, 'ada')).toBeUndefined();
  });
});
