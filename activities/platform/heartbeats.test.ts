import { describe, expect, it } from '@jest/globals';
import { startHeartbeats } from './heartbeats.js';

/** A clock that the test moves, and a wait for signs of life. */
function world() {
  let timeMs = 0;
  let beats = 0;
  const waiting: { at: number; done: () => void }[] = [];
  const beat = (): void => {
    beats++;
    for (const { at, done } of waiting) if (beats >= at) done();
  };
  const heartbeats = startHeartbeats(beat, { intervalMs: 1, now: () => timeMs });
  const after = (more: number) =>
    new Promise<void>((done) => {
      waiting.push({ at: beats + more, done });
    });
  return {
    heartbeats,
    after,
    sleep: (ms: number) => {
      timeMs += ms;
    },
  };
}

describe('the heartbeats of an attempt', () => {
  it('go on while its process is awake, and over a short sleep', async () => {
    const { heartbeats, after, sleep } = world();
    await after(3);
    sleep(7_000);
    await after(3);
    heartbeats.stop();
    expect(heartbeats.lost.aborted).toBe(false);
  });

  it('say that it was given up when its process slept for too long', async () => {
    const { heartbeats, after, sleep } = world();
    await after(1);
    sleep(30_000);
    await after(2);
    heartbeats.stop();
    expect(heartbeats.lost.reason).toMatchObject({
      type: 'StepErrored',
      message: expect.stringMatching(/^the worker stood still for 30 s/),
    });
  });
});
