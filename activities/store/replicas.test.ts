import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from './errors.js';
import { join } from './replicas.js';
import type { ChatStore, OpenTurn, Replica } from './store.ports.js';
import { askIn, earOf, openConversation } from './testing.chat.js';
import { freePort } from './testing.js';
import { type StoreWorld, storeWorld } from './testing.store.js';
import { MAX_ATTEMPTS } from './turns.adopt.js';

// Two replicas on one PostgreSQL. One of them reaches it by a wire that a test may cut, which is how
// the death of its machine looks to PostgreSQL and to the other one.

let world: StoreWorld;
let postgres: StoreWorld['postgres'];
let store: StoreWorld['store'];
let chat: ChatStore;
beforeAll(async () => {
  world = await storeWorld();
  ({ postgres, store, chat } = world);
});
afterAll(() => world?.close());

const done = { status: 'done', meta: {}, failure: null } as const;

/** A way to PostgreSQL that can be cut, and mended. */
async function wire() {
  const target = new URL(postgres.url);
  const port = await freePort();
  const open = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  const listen = () =>
    new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  await listen();
  const url = new URL(postgres.url);
  url.port = String(port);
  return {
    url: url.href,
    cut: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
    mend: listen,
  };
}

/** Asks PostgreSQL again and again, until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await store.ping();
}

/** Asks until there is something to take over. */
async function adopted(by: Replica): Promise<OpenTurn[]> {
  for (;;) {
    const turns = await chat.turns.adopt(by.number, 10);
    if (turns.length > 0) return turns;
  }
}

describe('a replica', () => {
  it('has a number that nobody else has, and is forgotten when it leaves', async () => {
    const [one, two] = await Promise.all([chat.join('one'), chat.join('two')]);
    expect(one.number).not.toBe(two.number);
    expect([one.isAlive(), two.isAlive()]).toEqual([true, true]);
    await one.leave();
    await two.leave();
    expect(one.isAlive()).toBe(false);
    expect(await postgres.sql('SELECT * FROM replicas')).toEqual([]);
  });

  it('cannot join without PostgreSQL', async () => {
    const nowhere = `postgres://nobody@127.0.0.1:${await freePort()}/nothing`;
    await expect(join(nowhere, 'lost')).rejects.toThrow(StoreUnavailable);
  });

  it('takes nothing over while the others live, nor when it does not live itself', async () => {
    const [one, two] = await Promise.all([chat.join('one'), chat.join('two')]);
    const { id } = await openConversation(chat);
    await askIn(chat, id, { replica: one.number });
    expect(await chat.turns.adopt(two.number, 10)).toEqual([]);
    await one.leave();
    expect(await chat.turns.adopt(one.number, 10)).toEqual([]);
    expect(await chat.turns.adopt(two.number, 10)).toHaveLength(1);
    await two.leave();
    await chat.conversations.remove(id);
  });

  it('goes on with the answer of one that died, which is refused when it comes back', async () => {
    const line = await wire();
    const [dying, heir] = await Promise.all([join(line.url, 'dying'), chat.join('heir')]);
    const { id } = await openConversation(chat, { kind: 'room' });
    const { answer } = await askIn(chat, id, { replica: dying.number, text: 'go on?' });
    await chat.turns.append(answer.id, dying.number, 0, 'Half a ');
    const seen = (await chat.turns.get(answer.id))?.position ?? 0;

    const ear = await earOf(store);
    await line.cut();
    const [taken, ...more] = await adopted(heir);
    expect(more).toEqual([]);
    await ear.until(`turn:${answer.id}`);
    await ear.stop();
    expect(taken).toMatchObject({
      ...{ id: answer.id, text: 'Half a ', status: 'answering', wish: { text: 'go on?' } },
      ...{ replica: heir.number, attempts: 2, position: seen + 1 },
    });
    expect(await chat.turns.append(answer.id, heir.number, 7, 'sentence.')).toBe(true);

    await until(() => !dying.isAlive());
    const { number } = dying;
    await line.mend();
    await until(() => dying.isAlive());
    expect(dying.number).toBe(number);
    expect(await chat.turns.append(answer.id, number, 7, 'lie.')).toBe(false);
    expect(await chat.turns.append(answer.id, number, 16, ' And a lie.')).toBe(false);
    expect(await chat.turns.finish(answer.id, number, done)).toBe(false);
    expect(await chat.turns.finish(answer.id, heir.number, done)).toBe(true);
    expect(await chat.turns.get(answer.id)).toMatchObject({ text: 'Half a sentence.' });
    await Promise.all([dying.leave(), heir.leave()]);
    await line.cut();
  });

  it('shares what dead ones left with the others: each answer is taken over once', async () => {
    const heirs = await Promise.all([1, 2, 3].map((i) => chat.join(`heir ${i}`)));
    const dead = await chat.join('dead');
    const rooms = await Promise.all([1, 2, 3, 4].map(() => openConversation(chat)));
    const asked = await Promise.all(
      [...rooms, ...rooms, ...rooms].map(({ id }) => askIn(chat, id, { replica: dead.number })),
    );
    await dead.leave();
    const taken: OpenTurn[] = [];
    while (taken.length < asked.length) {
      const some = await Promise.all(heirs.map(({ number }) => chat.turns.adopt(number, 2)));
      taken.push(...some.flat());
    }
    expect(new Set(taken.map(({ id }) => id))).toEqual(new Set(asked.map((a) => a.answer.id)));
    expect(taken).toHaveLength(asked.length);
    for (const { id } of rooms) {
      const positions = (await chat.turns.changed(id, 0, 50)).map(({ position }) => position);
      expect(new Set(positions).size).toBe(6);
      await chat.conversations.remove(id);
    }
    await Promise.all(heirs.map((heir) => heir.leave()));
  });

  it('gives an answer up that every replica before it died of', async () => {
    const { id } = await openConversation(chat);
    let owner = await chat.join('first');
    const { answer } = await askIn(chat, id, { replica: owner.number });
    for (let attempt = 2; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const heir = await chat.join('next');
      await owner.leave();
      expect(await chat.turns.adopt(heir.number, 10)).toMatchObject([{ attempts: attempt }]);
      owner = heir;
    }
    const last = await chat.join('last');
    await owner.leave();
    expect(await chat.turns.adopt(last.number, 10)).toEqual([]);
    expect(await chat.turns.get(answer.id)).toMatchObject({
      ...{ status: 'failed', attempts: MAX_ATTEMPTS, finishedAt: expect.any(Date) },
      failure: { code: 'answer-lost', message: expect.any(String), help: expect.any(String) },
    });
    await last.leave();
  });

  it('leaves cancelled answers of dead ones alone: they have ended', async () => {
    const [dead, heir] = await Promise.all([chat.join('dead'), chat.join('heir')]);
    const { answer } = await askIn(chat, (await openConversation(chat)).id, {
      replica: dead.number,
    });
    await dead.leave();
    expect(await chat.turns.cancel(answer.id)).toBe(true);
    expect(await chat.turns.adopt(heir.number, 10)).toEqual([]);
    await heir.leave();
  });
});

describe('who is present', () => {
  it('is told with all tabs of all living replicas, and who types', async () => {
    const [one, two] = await Promise.all([chat.join('one'), chat.join('two')]);
    const { id } = await openConversation(chat, { kind: 'room' });
    const ear = await earOf(store);
    await chat.presence.here(one.number, id, 'ada', 2);
    await chat.presence.here(two.number, id, 'ada', 1);
    await chat.presence.here(two.number, id, 'bob', 1);
    await chat.presence.typing(two.number, id, 'bob');
    await chat.presence.typing(two.number, id, 'eve');
    await ear.until(`presence:${id}`);
    expect(await chat.presence.list(id)).toEqual([
      { login: 'ada', tabs: 3, isTyping: false },
      { login: 'bob', tabs: 1, isTyping: true },
    ]);
    await chat.presence.here(one.number, id, 'ada', 0);
    await chat.presence.here(999_999, id, 'eve', 1);
    expect((await chat.presence.list(id)).map(({ tabs }) => tabs)).toEqual([1, 1]);
    ear.heard.length = 0;
    await two.leave();
    await ear.until(`presence:${id}`);
    await ear.stop();
    expect(await chat.presence.list(id)).toEqual([]);
    await one.leave();
  });

  it('does not count who was at a replica that died, and forgets it after a minute', async () => {
    const line = await wire();
    const [dying, other] = await Promise.all([join(line.url, 'dying'), chat.join('other')]);
    const { id } = await openConversation(chat, { kind: 'room' });
    await chat.presence.here(dying.number, id, 'ada', 1);
    await line.cut();
    while ((await chat.presence.list(id)).length > 0);
    await chat.turns.adopt(other.number, 10);
    const left = () => postgres.sql('SELECT login FROM presences');
    expect(await left()).toHaveLength(1);
    await postgres.sql(`UPDATE replicas SET lost_at = now() - interval '2 minutes'
                         WHERE lost_at IS NOT NULL`);
    await chat.turns.adopt(other.number, 10);
    expect(await left()).toEqual([]);

    const { number } = dying;
    await line.mend();
    await until(() => dying.isAlive());
    expect(dying.number).toBe(number);
    await chat.presence.here(number, id, 'ada', 1);
    expect(await chat.presence.list(id)).toHaveLength(1);
    await Promise.all([dying.leave(), other.leave()]);
    await line.cut();
  });
});

describe('when PostgreSQL starts again', () => {
  it('replicas come back with their numbers, and none takes the answers of one that is late', async () => {
    const line = await wire();
    const [late, quick] = await Promise.all([join(line.url, 'late'), chat.join('quick')]);
    const { answer } = await askIn(chat, (await openConversation(chat)).id, {
      replica: late.number,
    });
    await line.cut();
    await postgres.halt();
    await until(() => !quick.isAlive());
    await postgres.resume();
    await until(() => quick.isAlive());
    expect(await chat.turns.adopt(quick.number, 10)).toEqual([]);
    await line.mend();
    await until(() => late.isAlive());
    expect(await chat.turns.append(answer.id, late.number, 0, 'still mine')).toBe(true);
    expect(await chat.turns.adopt(quick.number, 10)).toEqual([]);
    await Promise.all([late.leave(), quick.leave()]);
    await line.cut();
  });
});
