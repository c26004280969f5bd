import { describe, expect, it } from '@jest/globals';
import { hashOf, newToken } from './auth.js';
import { TooManyFailures } from './errors.js';
import { AuthFailures, FAILURE_LIMITS } from './failures.js';

// How often who may be wrong. The door itself is in door.test.ts and git.test.ts.

const limits = { ...FAILURE_LIMITS, perAddress: 3, perToken: 2, remembered: 50 };
const from = (address: string, token = newToken()) => ({ address, token, hash: hashOf(token) });

function waits(failures: AuthFailures, attempt: ReturnType<typeof from>): number {
  try {
    failures.check(attempt);
    return 0;
  } catch (error) {
    if (error instanceof TooManyFailures) return error.retryAfterSeconds;
    throw error;
  }
}

describe('wrong tokens', () => {
  it('are looked at up to a limit for each address, and then no more until the window ends', () => {
    const failures = new AuthFailures(limits);
    const shut = [1, 2, 3, 4].map(() => failures.failed(from('192.0.2.1')));
    expect(shut).toEqual([false, false, true, false]);
    const wait = waits(failures, from('192.0.2.1'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(limits.windowMs / 1_000);
    expect(waits(failures, from('192.0.2.2'))).toBe(0);
  });

  it('open again when the window ends, however many came meanwhile', async () => {
    const failures = new AuthFailures({ ...limits, windowMs: 50 });
    for (let count = 0; count < 10; count++) failures.failed(from('192.0.2.1'));
    const deadline = Date.now() + 10_000;
    while (waits(failures, from('192.0.2.1')) > 0) {
      if (Date.now() > deadline) throw new Error('it never opened again');
      await new Promise((resolve) => setImmediate(resolve));
    }
    failures.failed(from('192.0.2.1'));
    expect(waits(failures, from('192.0.2.1'))).toBe(0);
  });

  it('that begin alike count together, from wherever they come', () => {
    const failures = new AuthFailures(limits);
    const token = newToken();
    failures.failed(from('192.0.2.1', token));
    failures.failed(from('192.0.2.2', token));
    expect(waits(failures, from('192.0.2.3', token))).toBeGreaterThan(0);
    expect(waits(failures, from('192.0.2.3'))).toBe(0);
  });

  it('do not lock out a token that was good lately, whoever shares its address', () => {
    const failures = new AuthFailures(limits);
    const good = from('192.0.2.1');
    failures.succeeded(good);
    for (let count = 0; count < 10; count++) failures.failed(from('192.0.2.1'));
    expect(waits(failures, good)).toBe(0);
    expect(waits(failures, from('192.0.2.1'))).toBeGreaterThan(0);
    failures.failed(good); // It was revoked.
    expect(waits(failures, good)).toBeGreaterThan(0);
  });

  it('count for the whole network that one customer of IPv6 has', () => {
    const failures = new AuthFailures(limits);
    for (const host of ['::1', '::2', ':a:b:c:d']) failures.failed(from(`2001:db8:0:1${host}`));
    expect(waits(failures, from('2001:db8:0:1::ffff'))).toBeGreaterThan(0);
    expect(waits(failures, from('2001:db8:0:2::1'))).toBe(0);
  });

  it('take a bounded memory: the one seen longest ago is forgotten', () => {
    const failures = new AuthFailures(limits);
    for (let count = 0; count < 5; count++) failures.failed(from('192.0.2.1'));
    for (let count = 0; count < 100; count++) failures.failed(from(`198.51.100.${count}`));
    expect(waits(failures, from('192.0.2.1'))).toBe(0);
  });
});
