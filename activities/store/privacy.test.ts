import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ERASED } from './erased.js';
import { BadCursor, IdTaken, Missing } from './errors.js';
import { createStore } from './store.js';
import type { ChatStore, Replica, Store } from './store.ports.js';
import { askIn, earOf, openConversation, talkIn } from './testing.chat.js';
import { type ThrowAway, throwAwayPostgres } from './testing.js';

let postgres: ThrowAway;
let store: Store;
let chat: ChatStore;
let replica: Replica;
beforeAll(async () => {
  postgres = await throwAwayPostgres();
  store = await createStore({ url: postgres.url });
  chat = store.chat;
  replica = await chat.join('test');
});
beforeEach(() =>
  postgres.sql('TRUNCATE conversations, tickets, usage, erasures, proposals, tokens CASCADE'),
);
afterAll(async () => {
  await replica?.leave();
  await store?.close();
  await postgres?.remove();
});

const at = new Date(Date.UTC(2026, 0, 1));
let tickets = 0;

/** All that one person can leave here; every word of theirs holds their login. */
async function live(login: string) {
  const mark = `words-of-${login}`;
  const own = await openConversation(chat, { owner: login, title: mark });
  const first = await talkIn(chat, own.id, { by: login, text: mark, replies: `to ${mark}` });
  await talkIn(chat, own.id, { by: login, text: mark, parentId: first.answer.id });
  await chat.turns.rate(first.answer.id, login, 'up', mark);
  await chat.presence.here(replica.number, own.id, login, 1);
  await store.users.put({ login, teams: [], disabled: false });
  const hash = Buffer.from(randomUUID());
  const scopes = ['chat' as const];
  const token = await store.users.addToken({ login, name: 't', hash, scopes, expiresAt: null });
  await chat.usage.add(at, [
    { subject: `user:${login}`, requests: 1, tokens: 5 },
    { subject: `token:${token.id}`, requests: 1, tokens: 5 },
  ]);
  await chat.tickets.save({
    ...{ id: `T-${tickets++}`, status: 'open', channel: 'chat', subject: mark, body: mark },
    ...{ conversationId: own.id, createdBy: login, createdAt: at, updatedAt: at, extra: { mark } },
  });
  return { own, mark };
}

/** Every table of chat with every word in it. */
async function everything(): Promise<string> {
  const tables = [
    'conversations',
    'turns',
    'feedback',
    'tickets',
    'usage',
    'presences',
    'proposals',
  ];
  const rows = await Promise.all(tables.map((table) => postgres.sql(`SELECT * FROM ${table}`)));
  return JSON.stringify(rows).replace(UUIDS, 'an id');
}
const UUIDS = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

async function exportOf(login: string, limit: number) {
  const items: { kind: string; item: unknown }[] = [];
  let place: { cursor?: string } = {};
  for (;;) {
    const page = await chat.privacy.exported(login, { limit, ...place });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    if (page.next === null) return items;
    place = { cursor: page.next };
  }
}

describe('an export', () => {
  it('has everything of the person and nothing of others, in pages of any size', async () => {
    await live('ada');
    await live('bob');
    const whole = await exportOf('ada', 200);
    const kinds = ['conversation', 'turn', 'turn', 'turn', 'turn', 'feedback', 'ticket'];
    expect(whole.map(({ kind }) => kind)).toEqual([...kinds, 'usage', 'usage']);
    expect(JSON.stringify(whole)).not.toContain('bob');
    for (const limit of [1, 2, 3, 5, 7]) expect(await exportOf('ada', limit)).toEqual(whole);
    expect(await exportOf('nobody', 10)).toEqual([]);
  });

  it('refuses a cursor that it did not give out', async () => {
    const cursors = [['nothing', ''], ['turn', 'x'], ['turn']].map((parts) =>
      Buffer.from(JSON.stringify(parts)).toString('base64url'),
    );
    for (const cursor of [...cursors, '?']) {
      const page = chat.privacy.exported('ada', { limit: 5, cursor });
      await expect(page).rejects.toThrow(BadCursor);
    }
  });
});

describe('an erasure', () => {
  it('leaves no word of the person and not their name, and says so after looking', async () => {
    await live('ada');
    await live('bob');
    const { id, createdAt, ...report } = await chat.privacy.erase('ada', 'admin');
    expect(report.erased).toMatchObject({
      ...{ conversation: 1, turn: 4, feedback: 1, ticket: 1, usage: 2 },
    });
    expect(new Set(Object.values(report.left))).toEqual(new Set([0]));
    expect(await everything()).not.toContain('ada');
    expect(await everything()).toContain('words-of-bob');
    expect(await exportOf('ada', 10)).toEqual([]);
    const proof = { id, createdAt, login: 'ada', askedBy: 'admin', report };
    expect(await chat.privacy.reports({ limit: 10 })).toEqual({ items: [proof], next: null });
  });

  it('may be asked for again, and finds nothing then', async () => {
    await live('ada');
    await chat.privacy.erase('ada', 'admin');
    const { erased, left } = await chat.privacy.erase('ada', 'admin');
    expect(new Set([...Object.values(erased), ...Object.values(left)])).toEqual(new Set([0]));
  });

  it('blanks own words in rooms and the answers to them; what others said hangs where it hung', async () => {
    const room = await openConversation(chat, { owner: 'bob', kind: 'room', title: 'bobs' });
    const asked = await talkIn(chat, room.id, { by: 'ada', text: 'ada?', replies: 'ada!' });
    const reply = { by: 'bob', text: 'bob too', parentId: asked.answer.id };
    const replied = await talkIn(chat, room.id, reply);
    const seen = (await chat.conversations.get(room.id, 'bob'))?.position ?? 0;
    const ear = await earOf(store);
    await chat.privacy.erase('ada', 'ada');
    await ear.until(`conversation:${room.id}`);
    await ear.stop();
    const news = await chat.turns.changed(room.id, seen, 10);
    expect(news.map(({ id, by, text, meta }) => ({ id, by, text, meta }))).toEqual(
      [asked.question.id, asked.answer.id].map((id) => ({ id, by: ERASED, text: '', meta: {} })),
    );
    const way = await chat.turns.path(replied.answer.id);
    expect(way.map(({ text }) => text)).toEqual(['', '', 'bob too', 'because']);
  });

  it('ends answers that are being made for the person', async () => {
    const room = await openConversation(chat, { owner: 'bob', kind: 'room' });
    const { answer } = await askIn(chat, room.id, { by: 'ada', text: 'ada?' });
    await chat.turns.append(answer.id, 1, 0, 'Ada, ');
    await chat.privacy.erase('ada', 'ada');
    expect(await chat.turns.append(answer.id, 1, 5, 'listen')).toBe(false);
    expect(await chat.turns.get(answer.id)).toMatchObject({ status: 'cancelled', text: '' });
    expect(await everything()).not.toMatch(/ada/i);
  });

  it('takes the name off own rooms where others spoke, and closes the others', async () => {
    const shared = await openConversation(chat, { owner: 'ada', kind: 'room', title: 'adas' });
    await talkIn(chat, shared.id, { by: 'bob' });
    const alone = await openConversation(chat, { owner: 'ada', kind: 'room', title: 'adas' });
    await talkIn(chat, alone.id, { by: 'ada' });
    await chat.privacy.erase('ada', 'ada');
    expect(await chat.conversations.get(shared.id, 'bob')).toMatchObject({
      owner: ERASED,
      title: '',
    });
    expect(await chat.conversations.get(alone.id, 'bob')).toBeUndefined();
  });

  it('goes through more conversations than fit into one transaction', async () => {
    for (let i = 0; i < 45; i += 1) {
      await talkIn(chat, (await openConversation(chat, { owner: 'ada' })).id);
    }
    const { erased, left } = await chat.privacy.erase('ada', 'ada');
    expect(erased).toMatchObject({ conversation: 45, turn: 90 });
    expect(left).toMatchObject({ conversation: 0, turn: 0 });
  });

  it('is of people: what took their place is nobody', async () => {
    await expect(chat.privacy.erase(ERASED, 'admin')).rejects.toThrow(Missing);
    const nobody = { login: ERASED, teams: [], disabled: false };
    await expect(store.users.put(nobody)).rejects.toThrow(IdTaken);
  });
});

describe('retention', () => {
  const before = {
    default: new Date(Date.UTC(2026, 0, 1)),
    year: new Date(Date.UTC(2025, 0, 1)),
    legal: new Date(Date.UTC(2019, 0, 1)),
  };
  const aged = async (id: string, time: string): Promise<void> => {
    await postgres.sql(`UPDATE conversations SET oldest_at = '${time}', updated_at = '${time}'
                         WHERE id = '${id}'`);
    await postgres.sql(`UPDATE turns SET created_at = '${time}' WHERE conversation_id = '${id}'`);
  };
  /** Of a class, last spoken in at that time. */
  const kept = async (retention: 'default' | 'year' | 'legal', time: string): Promise<string> => {
    const { id } = await openConversation(chat);
    await talkIn(chat, id);
    await chat.conversations.change(id, { retention });
    await aged(id, time);
    return id;
  };

  it('deletes what is older than its class allows, and nothing else', async () => {
    const gone = [
      await kept('default', '2025-12-31'),
      await kept('year', '2024-12-31'),
      await kept('legal', '2018-12-31'),
    ];
    const stays = [
      await kept('default', '2026-01-02'),
      await kept('year', '2025-12-31'),
      await kept('legal', '2024-12-31'),
    ];
    for (const [id, year] of [
      ['old', 2024],
      ['new', 2025],
    ] as const) {
      const updatedAt = new Date(Date.UTC(year, 5, 1));
      const words = { status: 'closed', channel: 'chat', subject: 's', body: 'b', extra: {} };
      const whose = { conversationId: null, createdBy: 'ada', createdAt: updatedAt, updatedAt };
      await chat.tickets.save({ id, ...words, ...whose });
    }
    const expired = await chat.privacy.expire(before, 100);
    expect(expired).toEqual({ conversation: 3, turn: 0, ticket: 1 });
    for (const id of gone) expect(await chat.conversations.get(id, 'ada')).toBeUndefined();
    for (const id of stays) expect(await chat.turns.changed(id, 0, 10)).toHaveLength(2);
    expect(await chat.tickets.exists('new')).toBe(true);
    const again = await chat.privacy.expire(before, 100);
    expect(again).toEqual({ conversation: 0, turn: 0, ticket: 0 });
  });

  it('takes old turns out of a room that lives, whose tree then begins later', async () => {
    const { id } = await openConversation(chat, { kind: 'room' });
    const old = await talkIn(chat, id);
    await aged(id, '2025-06-01');
    const { question, answer } = await talkIn(chat, id, { parentId: old.answer.id });
    expect(await chat.privacy.expire(before, 100)).toMatchObject({ conversation: 0, turn: 2 });
    expect(await chat.privacy.expire(before, 100)).toMatchObject({ conversation: 0, turn: 0 });
    const way = await chat.turns.path(answer.id);
    expect(way.map((turn) => turn.id)).toEqual([question.id, answer.id]);
  });

  it('takes no more at once than it may, and nobody who is being answered', async () => {
    for (let i = 0; i < 50; i += 1) await kept('default', '2025-06-01');
    const { id } = await openConversation(chat);
    await askIn(chat, id);
    await aged(id, '2025-01-01');
    const first = await chat.privacy.expire(before, 30);
    expect(first.conversation).toBe(30);
    expect((await chat.privacy.expire(before, 30)).conversation).toBe(20);
    expect(await chat.turns.changed(id, 0, 10)).not.toEqual([]);
  });
});
