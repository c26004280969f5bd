import { describe, expect, it } from '@jest/globals';
import type { Store } from '../../activities/store/store.ports.js';
import { Follow } from './follow.js';

/** A store that says what the test says, and counts who listens. */
class FakeListening {
  listeners: ((changed: string) => void)[] = [];
  trouble: Error | undefined;

  async listen(listener: (changed: string) => void): Promise<() => Promise<void>> {
    if (this.trouble) throw this.trouble;
    this.listeners.push(listener);
    return async () => {
      this.listeners = this.listeners.filter((one) => one !== listener);
    };
  }
  say(changed: string): void {
    for (const listener of this.listeners) listener(changed);
  }
}

function following() {
  const store = new FakeListening();
  return { store, follow: new Follow(store as unknown as Store) };
}
const LONG_MS = 3_600_000;

describe('following changes', () => {
  it('wakes those who wait for the thing that changed, and nobody else', async () => {
    const { store, follow } = following();
    const [one, other] = [await follow.bell('run:a-1'), await follow.bell('run:a-2')];
    const [rings, late] = [one.rings(LONG_MS), other.rings(1)];
    store.say('run:a-1');
    expect(await rings).toBe(true);
    expect(await late).toBe(false);
  });

  it('listens to the store once, however many follow', async () => {
    const { store, follow } = following();
    await Promise.all([follow.bell('run:a-1'), follow.bell('run:a-1'), follow.bell('run:a-2')]);
    expect(store.listeners).toHaveLength(1);
    await follow.onApplicationShutdown();
    expect(store.listeners).toHaveLength(0);
  });

  it('misses nothing that happens before the wait', async () => {
    const { store, follow } = following();
    const bell = await follow.bell('run:a-1');
    store.say('run:a-1');
    expect(await bell.rings(LONG_MS)).toBe(true);
    expect(await bell.rings(1)).toBe(false);
  });

  it('wakes everybody when notifications may have been lost', async () => {
    const { store, follow } = following();
    const bells = await Promise.all([follow.bell('run:a-1'), follow.bell('stage:a/staging')]);
    const waits = bells.map((bell) => bell.rings(LONG_MS));
    store.say('reconnected');
    expect(await Promise.all(waits)).toEqual([true, true]);
  });

  it('lets go of a reader who leaves, and keeps no topic that nobody follows', async () => {
    const { follow } = following();
    const bell = await follow.bell('run:a-1');
    const leaving = new AbortController();
    const rings = bell.rings(LONG_MS, leaving.signal);
    leaving.abort();
    expect(await rings).toBe(false);
    bell.remove();
    expect(follow.followed).toBe(0);
  });

  it('tries again to listen after the store was away', async () => {
    const { store, follow } = following();
    store.trouble = new Error('away');
    await expect(follow.bell('run:a-1')).rejects.toThrow('away');
    store.trouble = undefined;
    await follow.bell('run:a-1');
    expect(store.listeners).toHaveLength(1);
  });
});
