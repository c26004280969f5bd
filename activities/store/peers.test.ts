import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { earOf } from './testing.chat.js';
import { type StoreWorld, storeWorld } from './testing.store.js';

let world: StoreWorld;
beforeAll(async () => {
  world = await storeWorld();
});
afterAll(() => world?.close());

describe('replicas', () => {
  it('hear what one of them says, whatever it is', async () => {
    const ear = await earOf(world.store);
    const word = `forget:{"tag":"user:o'brien \\u{1f600}"}`;
    await world.store.chat.peers.say(word);
    await ear.until(word);
    await ear.stop();
  });

  it('say no more at once than PostgreSQL carries', async () => {
    const { peers } = world.store.chat;
    await peers.say('x'.repeat(7_000));
    await expect(peers.say('x'.repeat(7_001))).rejects.toThrow('7000 bytes');
  });

  it('know of each other, and of one that lost its lock until it is swept', async () => {
    const { chat } = world.store;
    const [one, two] = [await chat.join('one'), await chat.join('two')];
    expect(await chat.peers.others(one.number)).toEqual([{ number: two.number, isLiving: true }]);
    await world.postgres.sql("INSERT INTO replicas (name) VALUES ('cut off')");
    const [, cutOff] = await chat.peers.others(one.number);
    expect(cutOff).toMatchObject({ isLiving: false });
    await two.leave();
    expect(await chat.peers.others(one.number)).toEqual([cutOff]);
    await one.leave();
  });
});
