import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as limits from './limits.js';

describe('limits', () => {
  it('are whole numbers above zero, every one', () => {
    for (const [name, limit] of Object.entries(limits)) {
      if (typeof limit === 'number')
        expect([name, Number.isSafeInteger(limit) && limit > 0]).toEqual([name, true]);
    }
  });

  it('have defaults within what is allowed', () => {
    expect(limits.STEP_TIMEOUT_SECONDS).toBeLessThanOrEqual(limits.MAX_STEP_TIMEOUT_SECONDS);
    expect(limits.APPROVAL_TIMEOUT_SECONDS).toBeLessThanOrEqual(
      limits.MAX_APPROVAL_TIMEOUT_SECONDS,
    );
    expect(limits.STEP_ATTEMPTS).toBeLessThanOrEqual(limits.MAX_STEP_ATTEMPTS);
    // Temporal refuses payloads above 2 MiB.
    expect(limits.MAX_PLAN_BYTES).toBeLessThan(2 * 1_024 * 1_024);
  });

  it('keep a reason as it is, or cut it visibly', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2 * limits.MAX_REASON_CHARS }), (text) => {
        const reason = limits.toReason(text);
        expect(reason.length).toBeLessThanOrEqual(limits.MAX_REASON_CHARS);
        if (text.length <= limits.MAX_REASON_CHARS) expect(reason).toBe(text);
      }),
    );
    expect(limits.toReason('x'.repeat(2_000))).toBe('x'.repeat(2_000));
    expect(limits.toReason('x'.repeat(2_001))).toBe(`${'x'.repeat(1_999)}…`);
  });
});
