import { describe, expect, it } from '@jest/globals';
import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { StepContext, StepResult } from '../../workflows/domain/step.js';
import type { PlannedStep } from '../../workflows/pipeline/plan.js';
import { StoreUnavailable } from './errors.js';
import { recordsStep } from './recorded.js';
import type { Changes } from './store.ports.js';

const context = { run: { id: 'web-1' } } as StepContext;
const test: PlannedStep = { name: 'test', kind: 'run', spec: { commands: ['npm test'] } };
const yes: StepResult = { verdict: 'succeeded', summary: '9 tests' };
const no: StepResult = { verdict: 'failed', reason: 'npm test ended with 1', exitCode: 1 };

/** Keeps what is written; is away for the first `absences` writes. */
function fakeRecord(absences = 0) {
  const words: unknown[] = [];
  const write = async ({ steps = [] }: Changes): Promise<void> => {
    if (absences-- > 0) throw new StoreUnavailable(new Error('connect ECONNREFUSED'));
    for (const { status, reason, attempt } of steps) words.push([status, reason, attempt]);
  };
  return { words, runs: { write } };
}

async function perform(
  activity: () => Promise<StepResult>,
  { step = test, attempt = 1, record = fakeRecord() } = {},
) {
  const retryPolicy = { maximumAttempts: 3, nonRetryableErrorTypes: ['StepTimedOut'] };
  const logger = new DefaultLogger('ERROR');
  const environment = new MockActivityEnvironment({ attempt, retryPolicy }, { logger });
  const run = environment.run(recordsStep(record, activity), { context, step });
  const [answer] = await Promise.allSettled([run]);
  return { answer, words: record.words };
}
const throwing = (error: Error) => () => Promise.reject(error);
const errored = ApplicationFailure.create({ type: 'StepErrored', message: 'no workspace' });

describe('a recorded step', () => {
  it('is running, and then what its result says', async () => {
    const good = await perform(() => Promise.resolve(yes));
    expect(good.answer).toEqual({ status: 'fulfilled', value: yes });
    expect(good.words).toEqual([
      ['running', undefined, 1],
      ['succeeded', null, 1],
    ]);
    const bad = await perform(() => Promise.resolve(no), { attempt: 2 });
    expect(bad.words.at(-1)).toEqual(['failed', 'npm test ended with 1', 2]);
  });

  it('stays running with the reason while another attempt follows', async () => {
    const { answer, words } = await perform(throwing(errored));
    expect(answer).toEqual({ status: 'rejected', reason: errored });
    expect(words.at(-1)).toEqual(['running', 'attempt 1: no workspace; it is tried again', 1]);
  });

  it.each([
    ['the attempts are used up', errored, 3],
    ['the error is never retried', ApplicationFailure.nonRetryable('no commit', 'X'), 1],
    ['the policy does not retry its type', ApplicationFailure.create({ type: 'StepTimedOut' }), 1],
  ])('is errored when %s', async (_why, error, attempt) => {
    const { words } = await perform(throwing(error), { attempt });
    expect(words.at(-1)).toEqual(['errored', error.message, attempt]);
  });

  it('leaves the last word on a cancelled attempt to the workflow', async () => {
    const { words } = await perform(throwing(new CancelledFailure('cancelled')));
    expect(words).toEqual([['running', undefined, 1]]);
  });

  it('is not delayed by a record that is away, and is ended in it when it is back', async () => {
    const { answer, words } = await perform(() => Promise.resolve(yes), { record: fakeRecord(2) });
    expect(answer?.status).toBe('fulfilled');
    expect(words).toEqual([['succeeded', null, 1]]);
  });

  it('goes on after the checks when commands follow, and ends when they said no', async () => {
    const check: PlannedStep = { name: 'test', kind: 'check', spec: { commands: ['npm test'] } };
    const good = await perform(() => Promise.resolve(yes), { step: check });
    expect(good.words.at(-1)).toEqual(['running', undefined, 1]);
    const bad = await perform(() => Promise.resolve(no), { step: check });
    expect(bad.words.at(-1)).toEqual(['failed', 'npm test ended with 1', 1]);
  });
});
