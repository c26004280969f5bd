import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MayPass, type Resilience, resilient, type ServiceLimits } from './resilience.js';

const LIMITS: ServiceLimits = {
  attemptMs: 1_000,
  callMs: 10_000,
  atOnce: 2,
  waiting: 1,
  retries: 2,
  firstPauseMs: 100,
  longestPauseMs: 500,
  failuresToOpen: 5,
  openMs: 60_000,
};

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** How a call ended, with all the time that it wants. */
async function ended<T>(call: Promise<T>, withinMs = 20_000): Promise<unknown> {
  const outcome = call.then(
    (value) => value,
    (error: unknown) => error,
  );
  await jest.advanceTimersByTimeAsync(withinMs);
  return outcome;
}

/** An attempt that is answered by the test. */
function held<T>() {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const signals: AbortSignal[] = [];
  const attempt = (signal: AbortSignal) => {
    signals.push(signal);
    return promise;
  };
  return { attempt, resolve, reject, signals };
}

const once = { ...LIMITS, retries: 0 };
const failing = async (): Promise<never> => {
  throw new MayPass('away');
};

async function open(service: Resilience): Promise<void> {
  for (let count = 0; count < LIMITS.failuresToOpen; count++) await ended(service.call(failing), 0);
}

describe('a call', () => {
  it('is tried again after what may pass, with growing pauses, and at most as often as said', async () => {
    const service = resilient('News', LIMITS);
    const times: number[] = [];
    const error = await ended(
      service.call(async () => {
        times.push(Date.now());
        throw new MayPass('not now');
      }),
    );
    expect(error).toMatchObject({ name: 'MayPass', message: 'not now' });
    expect(times).toHaveLength(3);
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeLessThanOrEqual(2 * LIMITS.longestPauseMs);
  });

  it('is not tried again after anything else', async () => {
    const service = resilient('News', LIMITS);
    let tries = 0;
    const error = await ended(
      service.call(async () => {
        tries++;
        throw new Error('the key is wrong');
      }),
    );
    expect(error).toMatchObject({ message: 'the key is wrong' });
    expect(tries).toBe(1);
    expect(service.state()).toBe('closed');
  });

  it('waits as long as the service asks, and not at all when that is too long', async () => {
    const service = resilient('News', LIMITS);
    const times: number[] = [];
    const asking = (retryAfterMs: number) => async () => {
      times.push(Date.now());
      if (times.length === 1) throw new MayPass('too many', { retryAfterMs });
      return 'answer';
    };
    expect(await ended(service.call(asking(LIMITS.longestPauseMs)))).toBe('answer');
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(LIMITS.longestPauseMs);
    times.length = 0;
    const tooLong = await ended(service.call(asking(LIMITS.longestPauseMs + 1)));
    expect(tooLong).toMatchObject({ message: 'too many' });
    expect(times).toHaveLength(1);
  });

  it('ends an attempt that takes too long, and the whole when all of them do', async () => {
    const slow = held<string>();
    const service = resilient('News', { ...LIMITS, callMs: 2_500 });
    const error = await ended(service.call(slow.attempt));
    expect(error).toMatchObject({ code: 'service-unavailable', why: 'slow' });
    expect(slow.signals.length).toBeGreaterThanOrEqual(2);
    expect(slow.signals.every((signal) => signal.aborted)).toBe(true);
  });

  it('ends at once when its caller does not want it any more, also between attempts', async () => {
    const service = resilient('News', { ...LIMITS, firstPauseMs: 400 });
    const leaving = new AbortController();
    const call = service.call(failing, leaving.signal);
    const outcome = call.catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(0);
    leaving.abort(new Error('gone'));
    await jest.advanceTimersByTimeAsync(0);
    expect(await outcome).toMatchObject({ message: 'gone' });
  });

  it('may answer with a stream, which ends with its caller and not with the time limit', async () => {
    const service = resilient('News', LIMITS);
    const leaving = new AbortController();
    const signal = await service.call(async (given) => given, leaving.signal);
    await jest.advanceTimersByTimeAsync(LIMITS.callMs * 2);
    expect(signal.aborted).toBe(false);
    leaving.abort();
    expect(signal.aborted).toBe(true);
  });

  it('waits for a place, and is refused when too many wait already', async () => {
    const service = resilient('News', LIMITS);
    const slow = held<string>();
    const calls = [1, 2, 3].map(() => service.call(slow.attempt));
    await jest.advanceTimersByTimeAsync(0);
    expect([slow.signals.length, service.busy()]).toEqual([2, 2]);
    expect(await ended(service.call(slow.attempt), 0)).toMatchObject({ why: 'busy' });
    slow.resolve('answer');
    await jest.advanceTimersByTimeAsync(0);
    expect(await Promise.all(calls)).toEqual(['answer', 'answer', 'answer']);
  });
});

describe('the breaker', () => {
  it('opens after five failures in a row, and a success in between starts the count again', async () => {
    const service = resilient('News', once);
    for (let count = 0; count < 4; count++) await ended(service.call(failing), 0);
    await service.call(async () => 'answer');
    for (let count = 0; count < 4; count++) await ended(service.call(failing), 0);
    expect(service.state()).toBe('closed');
    await ended(service.call(failing), 0);
    expect(service.state()).toBe('open');
  });

  it('asks nothing for a minute, and then once', async () => {
    const service = resilient('News', once);
    await open(service);
    let asked = 0;
    const count = async () => ++asked;
    await jest.advanceTimersByTimeAsync(LIMITS.openMs - 1);
    expect(await ended(service.call(count), 0)).toMatchObject({ why: 'away' });
    expect(asked).toBe(0);
    await jest.advanceTimersByTimeAsync(1);
    const probe = held<string>();
    const probing = service.call(probe.attempt);
    await jest.advanceTimersByTimeAsync(0);
    expect(service.state()).toBe('half-open');
    expect(await ended(service.call(count), 0)).toMatchObject({ why: 'away' });
    probe.resolve('well again');
    expect(await probing).toBe('well again');
    expect(service.state()).toBe('closed');
  });

  it('stays open when the probe fails, or nobody waits for it any more', async () => {
    const service = resilient('News', once);
    await open(service);
    await jest.advanceTimersByTimeAsync(LIMITS.openMs);
    await ended(service.call(failing), 0);
    expect(service.state()).toBe('open');
    await jest.advanceTimersByTimeAsync(LIMITS.openMs);
    const leaving = new AbortController();
    const probing = ended(service.call(held().attempt, leaving.signal), 0);
    await jest.advanceTimersByTimeAsync(0);
    leaving.abort();
    await probing;
    expect(service.state()).toBe('open');
  });

  it('counts attempts that took too long, and not callers that left', async () => {
    const service = resilient('News', once);
    for (let count = 0; count < 10; count++) {
      const leaving = new AbortController();
      const call = ended(service.call(held().attempt, leaving.signal), 0);
      leaving.abort();
      await call;
    }
    expect(service.state()).toBe('closed');
    for (let count = 0; count < 5; count++) await ended(service.call(held().attempt), 1_000);
    expect(service.state()).toBe('open');
  });
});
