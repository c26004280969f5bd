import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERASED } from './erased.js';
import { BadCursor, IdTaken, Missing } from './errors.js';
import type { ChatStore, Page, TicketRow } from './store.ports.js';
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

async function walk<T>(page: (place: { cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let place: { cursor?: string } = {};
  for (;;) {
    const { items: more, next } = await page(place);
    items.push(...more);
    if (next === null) return items;
    place = { cursor: next };
  }
}

describe('conversations', () => {
  it('are seen by their owner only, rooms by everybody', async () => {
    const own = await openConversation(chat, { owner: 'ada' });
    const room = await openConversation(chat, { owner: 'ada', kind: 'room' });
    expect(await chat.conversations.get(own.id, 'ada')).toEqual(own);
    expect(await chat.conversations.get(own.id, 'bob')).toBeUndefined();
    expect(await chat.conversations.get(room.id, 'bob')).toEqual(room);
    expect(await chat.conversations.get(randomUUID(), 'ada')).toBeUndefined();
    expect(await chat.conversations.get('none', 'ada')).toBeUndefined();
  });

  it('are made once, and an id of somebody else is refused without a word about it', async () => {
    const own = await openConversation(chat, { owner: 'ada' });
    expect(await chat.conversations.create({ ...own, title: 'again' })).toEqual(own);
    await expect(chat.conversations.create({ ...own, owner: 'bob' })).rejects.toThrow(IdTaken);
    await expect(chat.conversations.create({ ...own, kind: 'room' })).rejects.toThrow(IdTaken);
  });

  it('are listed once each, last changed first, own ones among the rooms', async () => {
    const [mine, rooms] = [new Set<string>(), new Set<string>()];
    for (let i = 0; i < 30; i += 1) {
      mine.add((await openConversation(chat, { owner: 'lister' })).id);
      if (i % 3 === 0) rooms.add((await openConversation(chat, { owner: 'ada', kind: 'room' })).id);
      await openConversation(chat, { owner: 'ada' });
    }
    const own = (await openConversation(chat, { owner: 'lister', kind: 'room' })).id;
    await postgres.sql(`UPDATE conversations SET updated_at = date_trunc('minute', now())`);
    const [first] = mine;
    await talkIn(chat, first ?? '', { by: 'lister' });
    const listed = await walk((place) =>
      chat.conversations.list({ login: 'lister', limit: 7, ...place }),
    );
    const ids = listed.map(({ id }) => id);
    expect(ids[0]).toBe(first);
    expect(new Set(ids).size).toBe(ids.length);
    const [seenMine, seenRooms] = [
      ids.filter((id) => mine.has(id)),
      ids.filter((id) => rooms.has(id)),
    ];
    expect([seenMine.length, seenRooms.length]).toEqual([30, 10]);
    expect(ids).toContain(own);
    expect(listed.every(({ kind, owner }) => kind === 'room' || owner === 'lister')).toBe(true);
    const cursor = Buffer.from(JSON.stringify(['2026-01-01T00:00:00.000000Z', "x'"])).toString(
      'base64url',
    );
    const bad = chat.conversations.list({ login: 'lister', limit: 7, cursor });
    await expect(bad).rejects.toThrow(BadCursor);
  });

  it('are renamed and kept for longer, and whoever is there hears of it', async () => {
    const { id } = await openConversation(chat);
    const ear = await earOf(store);
    await chat.conversations.change(id, { title: 'a better\0 name' });
    await chat.conversations.change(id, { retention: 'legal' });
    await ear.until(`conversation:${id}`);
    await ear.stop();
    const changed = { title: 'a better name', retention: 'legal' };
    expect(await chat.conversations.get(id, 'ada')).toMatchObject(changed);
  });

  it('go with all that was said in them, also while an answer is made', async () => {
    const { id } = await openConversation(chat);
    const first = await talkIn(chat, id);
    await chat.turns.rate(first.answer.id, 'ada', 'up', null);
    const { answer } = await askIn(chat, id, { parentId: first.answer.id });
    const ear = await earOf(store);
    await chat.conversations.remove(id);
    await chat.conversations.remove(id);
    await ear.until(`turn:${answer.id}`);
    await ear.until(`conversation:${id}`);
    await ear.stop();
    expect(await chat.turns.append(answer.id, 1, 0, 'too late')).toBe(false);
    expect(await chat.turns.get(first.question.id)).toBeUndefined();
  });
});

describe('models', () => {
  const model = (name: string, digit = '1', kind: 'base' | 'adapter' = 'base') => ({
    ...{ name, digest: `sha256:${digit.repeat(64)}`, bytes: 3_000_000_000, kind },
    ...{ source: `hf:org/${name}`, metadata: { architecture: 'gemma3' }, createdBy: 'ada' },
  });
  const served = { slot: 'champion', adapter: null, share: 0 } as const;

  it('are kept by name, listed by it, and found again', async () => {
    for (const name of ['c', 'a', 'b']) await chat.models.put(model(name));
    expect(await chat.models.get('b')).toMatchObject(model('b'));
    expect(await chat.models.get('z')).toBeUndefined();
    const listed = await walk((place) => chat.models.list({ limit: 2, ...place }));
    expect(listed.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('are served in versions that never come twice, and a repeat is no new one', async () => {
    await chat.models.put(model('base'));
    await chat.models.put(model('tuned', '2', 'adapter'));
    const ear = await earOf(store);
    const first = await chat.models.serve({ ...served, name: 'chat', model: 'base' }, 'ada');
    await ear.until('models');
    await ear.stop();
    expect(first).toMatchObject({ digest: model('base').digest, adapterDigest: null });
    const again = await chat.models.serve({ ...served, name: 'chat', model: 'base' }, 'bob');
    expect(again).toEqual(first);
    const challenger = { name: 'chat', slot: 'challenger', model: 'base', share: 10 } as const;
    const second = await chat.models.serve({ ...challenger, adapter: 'tuned' }, 'ada');
    expect(second).toMatchObject({ adapterDigest: model('tuned', '2').digest, share: 10 });
    expect(await chat.models.servings()).toEqual([second, first].toSorted(bySlot));
    expect(await chat.models.unserve('chat', 'challenger')).toBe(true);
    expect(await chat.models.unserve('chat', 'challenger')).toBe(false);
    const back = await chat.models.serve({ ...challenger, adapter: 'tuned' }, 'ada');
    expect(back.version).toBeGreaterThan(second.version);
  });

  it('that were given another file are followed by what serves them', async () => {
    const before = await chat.models.servings();
    await chat.models.put(model('base'));
    expect(await chat.models.servings()).toEqual(before);
    await chat.models.put(model('base', '9'));
    const after = await chat.models.servings();
    expect(after.every((now, i) => now.version > (before[i]?.version ?? 0))).toBe(true);
    expect(after.every(({ digest }) => digest === model('base', '9').digest)).toBe(true);
  });

  it('are not removed while something serves them', async () => {
    expect(await chat.models.remove('base')).toBe('used');
    expect(await chat.models.remove('tuned')).toBe('used');
    expect(await chat.models.remove('a')).toBe('removed');
    expect(await chat.models.remove('a')).toBe('absent');
  });

  it('are served only where they are there, and an adapter is no base', async () => {
    const wrong = [
      { model: 'nothing' },
      { model: 'tuned' },
      { model: 'base', adapter: 'nothing' },
      { model: 'base', adapter: 'b' },
    ];
    for (const change of wrong) {
      const serving = { ...served, name: 'wrong', ...change };
      await expect(chat.models.serve(serving, 'ada')).rejects.toThrow(Missing);
    }
  });
});

const bySlot = (a: { slot: string }, b: { slot: string }) => (a.slot < b.slot ? -1 : 1);

describe('tickets', () => {
  const day = (number: number) => new Date(Date.UTC(2026, 0, number));
  const ticket = (i: number): TicketRow => ({
    ...{ id: `T-${i}`, subject: `it ${i}`, body: 'does not work', extra: { i } },
    status: ['open', 'waiting', 'closed'][i % 3] ?? '',
    channel: ['chat', 'email'][i % 2] ?? '',
    createdBy: i % 5 === 0 ? 'bob' : 'ada',
    conversationId: null,
    createdAt: day(1 + Math.floor(i / 4)),
    updatedAt: day(40),
  });
  const tickets = Array.from({ length: 60 }, (_, i) => ticket(i));

  it('are saved once, and found', async () => {
    const saved = await Promise.all(tickets.map((one) => chat.tickets.save(one)));
    expect(saved.every(Boolean)).toBe(true);
    expect(await chat.tickets.save({ ...ticket(1), subject: 'changed' })).toBe(false);
    expect(await chat.tickets.get('T-1')).toEqual(ticket(1));
    expect(await chat.tickets.get('T-x')).toBeUndefined();
    expect(await chat.tickets.exists('T-1')).toBe(true);
    expect(await chat.tickets.exists('T-x')).toBe(false);
  });

  const filters = [{}, { status: 'open' }]
    .flatMap((one) => [one, { ...one, channel: 'chat' }])
    .flatMap((one) => [one, { ...one, createdBy: 'bob' }])
    .flatMap((one) => [one, { ...one, from: day(4) }])
    .flatMap((one) => [one, { ...one, until: day(9) }]);

  it.each(filters)('are listed once each, newest first, with %j', async (filter: Filter) => {
    const listed = await walk((place) => chat.tickets.list({ ...filter, limit: 3, ...place }));
    const wanted = tickets
      .filter((one) => fits(one, filter))
      .toSorted((a, b) => +b.createdAt - +a.createdAt || (a.id < b.id ? 1 : -1));
    expect(listed.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
  });

  it('change their status, and lose their words', async () => {
    const at = day(50);
    const changed = await chat.tickets.setStatus('T-2', 'resolved', at);
    expect(changed).toEqual({ ...ticket(2), status: 'resolved', updatedAt: at });
    expect(await chat.tickets.setStatus('T-2', 'resolved', day(60))).toEqual(changed);
    expect(await chat.tickets.setStatus('T-x', 'resolved', at)).toBeUndefined();
    for (const _again of [1, 2]) await chat.tickets.blank('T-2');
    const blank = { subject: '', body: '', extra: {}, createdBy: ERASED };
    expect(await chat.tickets.get('T-2')).toEqual({ ...changed, ...blank });
  });
});

type Filter = Partial<Pick<TicketRow, 'status' | 'channel' | 'createdBy'>> & {
  from?: Date;
  until?: Date;
};

function fits(one: TicketRow, { from, until, ...fields }: Filter): boolean {
  const names = Object.keys(fields) as (keyof typeof fields)[];
  return (
    names.every((name) => one[name] === fields[name]) &&
    (from === undefined || one.createdAt >= from) &&
    (until === undefined || one.createdAt < until)
  );
}

describe('usage', () => {
  it('of all replicas adds up, however they mix, and old windows are forgotten', async () => {
    const [old, now] = [new Date(Date.UTC(2026, 0, 1)), new Date(Date.UTC(2026, 0, 2))];
    expect(await chat.usage.add(now, [])).toEqual([]);
    await chat.usage.add(old, [{ subject: 'user:ada', requests: 9, tokens: 9 }]);
    const used = (i: number) => [
      { subject: i % 2 === 0 ? 'user:ada' : 'user:bob', requests: 1, tokens: 10 },
      { subject: i % 2 === 0 ? 'user:bob' : 'user:ada', requests: 1, tokens: 10 },
      { subject: 'user:ada', requests: 0, tokens: 1 },
    ];
    await Promise.all(Array.from({ length: 40 }, (_, i) => chat.usage.add(now, used(i))));
    const zero = ['user:ada', 'user:bob'].map((subject) => ({ subject, requests: 0, tokens: 0 }));
    const totals = await chat.usage.add(now, zero);
    expect(totals.toSorted((a, b) => (a.subject < b.subject ? -1 : 1))).toEqual([
      { subject: 'user:ada', requests: 40, tokens: 440 },
      { subject: 'user:bob', requests: 40, tokens: 400 },
    ]);
    await chat.usage.forget(now);
    const left = await postgres.sql<{ starts_at: Date }>('SELECT DISTINCT starts_at FROM usage');
    expect(left.map((row) => row.starts_at)).toEqual([now]);
  });
});
