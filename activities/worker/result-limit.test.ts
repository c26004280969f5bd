import { describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { limitResults, MAX_RESULT_BYTES } from './result-limit.js';

const environment = new MockActivityEnvironment(
  { activityType: 'runCommands' },
  { interceptors: [limitResults], logger: new DefaultLogger('ERROR') },
);
const returns = (value: unknown) => environment.run(async () => value);
const throws = (error: Error) =>
  environment
    .run(async () => {
      throw error;
    })
    .catch((thrown: unknown) => thrown);

describe('what an activity hands back', () => {
  it('passes when it is of a sensible size, or nothing', async () => {
    const largest = 'x'.repeat(MAX_RESULT_BYTES - 2);
    expect(await returns(largest)).toBe(largest);
    expect(await returns(undefined)).toBeUndefined();
  });

  it('is refused with advice when Temporal would drop it, counted in bytes', async () => {
    const failure = await returns('é'.repeat(MAX_RESULT_BYTES / 2)).catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'StepErrored', nonRetryable: true });
    expect(String(failure)).toContain('hand files on with "artifacts"');
  });

  it('keeps the error and its type, and shortens its words and those of its causes', async () => {
    const cause = new Error('c'.repeat(50_000));
    const error = ApplicationFailure.create({
      type: 'StepErrored',
      message: `git said: ${'x'.repeat(50_000)}`,
      cause,
    });
    expect(await throws(error)).toBe(error);
    expect(error.message).toMatch(/^git said: x+…$/);
    for (const each of [error, cause]) {
      expect(each.message.length).toBeLessThanOrEqual(2_000);
      expect((each.stack ?? '').length).toBeLessThanOrEqual(4_000);
    }
  });
});
