import { describe, expect, it } from '@jest/globals';
import type { Peer, Replica, Store } from '../../activities/store/store.ports.js';
import { FakeCache } from '../chat/cache.fake.js';
import { MemoryPeers } from './memory.peers.js';

/** What replicas say reaches all of them that listen; the record of who they are is the test's. */
class FakeWire {
  readonly listeners = new Map<number, (said: string) => void>();
  readonly said: string[] = [];
  peers: Peer[] = [];
  /** Called with each word, before anybody hears it. */
  before: (word: string) => void = () => {};

  storeOf(own: number): Store {
    const say = async (word: string) => {
      this.said.push(word);
      this.before(word);
      for (const listener of this.listeners.values()) listener(word);
    };
    const others = async () => this.peers.filter(({ number }) => number !== own);
    const listen = async (listener: (said: string) => void) => {
      this.listeners.set(own, listener);
      return async () => void this.listeners.delete(own);
    };
    return { listen, chat: { peers: { say, others } } } as unknown as Store;
  }
}

const NEVER_MS = 3_600_000;

async function replica(wire: FakeWire, number: number, answerMs = NEVER_MS) {
  const [answers, news] = [new FakeCache(), new FakeCache()];
  const warnings: string[] = [];
  const warn = (_fields: object, message: string) => void warnings.push(message);
  const log = { info: () => {}, warn, error: () => {} };
  const own = { number } as Replica;
  const limits = { answerMs };
  const peers = new MemoryPeers(wire.storeOf(number), own, answers, news, log, limits);
  await peers.onApplicationBootstrap();
  wire.peers.push({ number, isLiving: true });
  const keep = (key: string, tags: string[]) =>
    answers.through(key, async () => ({ value: key, keep: true }), tags);
  return { peers, answers, news, keep, warnings };
}

describe('the memory of several replicas', () => {
  it('forgets a person on each of them, and whoever asked hears how much went', async () => {
    const wire = new FakeWire();
    const [one, two, three] = [
      await replica(wire, 1),
      await replica(wire, 2),
      await replica(wire, 3),
    ];
    await one.keep('here', ['user:bob']);
    for (const other of [two, three]) {
      await other.keep('what bob asked', ['user:bob']);
      await other.keep('what ada asked', ['user:ada']);
    }
    expect(await one.peers.forget('user:bob')).toEqual({
      forgotten: [
        { cachedAnswer: 1, cachedNews: 0 },
        { cachedAnswer: 1, cachedNews: 0 },
      ],
      silent: [],
    });
    expect([...two.answers.kept.keys()]).toEqual(['what ada asked']);
    // What whoever asks has itself is its own to forget, and to count.
    expect(one.answers.kept.size).toBe(1);
  });

  it('is asked of nobody where there is one alone', async () => {
    const one = await replica(new FakeWire(), 1);
    expect(await one.peers.forget('user:bob')).toEqual({ forgotten: [], silent: [] });
  });

  it('may be held by one that lives and does not answer', async () => {
    const wire = new FakeWire();
    const one = await replica(wire, 1, 1);
    await replica(wire, 2);
    wire.listeners.delete(2);
    const { silent } = await one.peers.forget('user:bob');
    expect(silent).toEqual([{ number: 2, isLiving: true }]);
  });

  it('may be held by one that is cut off, which is not waited for', async () => {
    const wire = new FakeWire();
    const one = await replica(wire, 1);
    const cutOff = { number: 2, isLiving: false };
    wire.peers.push(cutOff);
    expect(await one.peers.forget('user:bob')).toEqual({ forgotten: [], silent: [cutOff] });
  });

  it('is gone with one that left meanwhile', async () => {
    const wire = new FakeWire();
    const one = await replica(wire, 1, 1);
    wire.peers.push({ number: 2, isLiving: true });
    wire.before = () => {
      wire.peers = wire.peers.filter(({ number }) => number !== 2);
    };
    expect(await one.peers.forget('user:bob')).toEqual({ forgotten: [], silent: [] });
  });

  it('keeps nothing of anybody once words may have been missed', async () => {
    const wire = new FakeWire();
    const one = await replica(wire, 1);
    await one.keep('what bob asked', ['user:bob']);
    await one.keep('of nobody', []);
    wire.listeners.get(1)?.('reconnected');
    expect([...one.answers.kept.keys()]).toEqual(['of nobody']);
  });

  it('passes over what is said about other things, or not understood', async () => {
    const wire = new FakeWire();
    const one = await replica(wire, 1);
    await one.keep('what bob asked', ['user:bob']);
    const words = ['models', 'forget:', 'forget:{', 'forget:{"tag":"user:bob"}', 'forgotten:{}'];
    for (const word of words) wire.listeners.get(1)?.(word);
    expect(one.answers.kept.size).toBe(1);
    expect(wire.said).toEqual([]);
  });

  it('is forgotten also where whoever asked cannot be told', async () => {
    const wire = new FakeWire();
    const one = await replica(wire, 1, 1);
    const two = await replica(wire, 2);
    await two.keep('what bob asked', ['user:bob']);
    wire.before = (word) => {
      if (word.startsWith('forgotten:')) throw new Error('PostgreSQL is away');
    };
    const { silent } = await one.peers.forget('user:bob');
    expect([silent.length, two.answers.kept.size]).toEqual([1, 0]);
    expect(two.warnings).toHaveLength(1);
  });
});
