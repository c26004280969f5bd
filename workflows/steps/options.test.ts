import { describe, expect, it } from '@jest/globals';
import { StepFailure } from '../domain/step-failure.js';
import type { RetryOn, StepKind } from '../pipeline/plan.js';
import { check, deploy, image, step } from '../testing/plans.js';
import { attemptsOf, optionsOf, timeoutSeconds } from './options.js';

describe('a step without limits of its own', () => {
  it.each([
    [step('a'), 3_600],
    [image, 3_600],
    [deploy('staging', []), 300],
    [check('staging'), 120],
  ])('has those of its kind', (each, seconds) => {
    expect(timeoutSeconds(each as Parameters<typeof timeoutSeconds>[0])).toBe(seconds);
  });

  it('is tried five times, and not again after its own timeout', () => {
    expect(attemptsOf(step('a'))).toBe(5);
    expect(optionsOf(plain(), 'x').retry?.nonRetryableErrorTypes).toEqual([StepFailure.timedOut]);
  });
});

describe('a step with retry', () => {
  const { errored, timedOut } = StepFailure;
  const cases: [RetryOn[], string[]][] = [
    [[], [errored, timedOut]],
    [['lost'], [errored, timedOut]],
    [['errored'], [timedOut]],
    [['timeout'], [errored]],
    [['errored', 'timeout'], []],
  ];
  it.each(cases)('on %j is not tried again after %j', (on, types) => {
    const retry = optionsOf(plain({ retry: { attempts: 2, on } }), 'x').retry;
    expect(retry).toMatchObject({ maximumAttempts: 2, nonRetryableErrorTypes: types });
  });
});

describe('what Temporal is told', () => {
  it('leaves the step a minute to end itself, and finds a lost worker in ten seconds', () => {
    expect(optionsOf(plain({ timeoutSeconds: 30 }), 'x')).toMatchObject({
      startToCloseTimeout: 90_000,
      heartbeatTimeout: '6 seconds',
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    });
  });

  it('is one readable line, however long the commands are', () => {
    expect(optionsOf(plain(), 'npm ci,\n npm test').summary).toBe('a: npm ci, npm test');
    expect(optionsOf(plain(), 'x'.repeat(500)).summary).toHaveLength(100);
  });
});

function plain(more: Parameters<typeof step>[1] = {}) {
  return step('a', more) as Extract<
    ReturnType<typeof step>,
    { kind: Exclude<StepKind, 'approve'> }
  >;
}
