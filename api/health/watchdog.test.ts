import { describe, expect, it } from '@jest/globals';
import { Watchdog } from './watchdog.js';

const ticks = async (watchdog: Watchdog, count: number) => {
  for (let tick = 0; tick < count; tick++) {
    watchdog.tick();
    await Promise.resolve();
  }
};

describe('a watchdog', () => {
  it('is content while files are found, and while they are not', async () => {
    for (const look of [async () => 'there', async () => Promise.reject(new Error('gone'))]) {
      const watchdog = new Watchdog(look);
      await ticks(watchdog, 200);
      expect(watchdog.isStuck()).toBe(false);
    }
  });

  it('says that the process is stuck when its threads hang, until they go on', async () => {
    const hung = Promise.withResolvers<void>();
    const watchdog = new Watchdog(() => hung.promise);
    await ticks(watchdog, 30);
    expect(watchdog.isStuck()).toBe(false);
    await ticks(watchdog, 1);
    expect(watchdog.isStuck()).toBe(true);
    hung.resolve();
    await hung.promise;
    await ticks(watchdog, 1);
    expect(watchdog.isStuck()).toBe(false);
  });

  it('looks at a real file', async () => {
    const watchdog = new Watchdog();
    watchdog.start();
    watchdog.tick();
    watchdog.stop();
    expect(watchdog.isStuck()).toBe(false);
  });
});
