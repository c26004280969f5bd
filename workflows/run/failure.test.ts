import { describe, expect, it } from '@jest/globals';
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { isReported, toSentence } from './failure.js';

const of = (cause: Error, isUsedUp = true) =>
  new ActivityFailure(
    'Activity task failed',
    'runCommands',
    '1',
    isUsedUp ? 'MAXIMUM_ATTEMPTS_REACHED' : 'NON_RETRYABLE_FAILURE',
    'worker',
    cause,
  );
const timeout = (type: TimeoutFailure['timeoutType']) => new TimeoutFailure('t', undefined, type);

describe('a failure as a sentence', () => {
  it('is the message that was written for people', () => {
    const inner = ApplicationFailure.create({
      message: 'no space left on the disk',
      cause: new Error('ENOSPC'),
    });
    expect(toSentence(of(inner), 5)).toBe('no space left on the disk');
  });

  it('says how often a worker vanished', () => {
    expect(toSentence(of(timeout('HEARTBEAT')), 5)).toMatch(/^the worker .* vanished, 5 times;/);
    expect(toSentence(of(timeout('HEARTBEAT')), 2)).toMatch(/vanished, twice;/);
    expect(toSentence(of(timeout('HEARTBEAT')), 1)).toMatch(/vanished;/);
    expect(toSentence(of(timeout('HEARTBEAT'), false), 5)).toMatch(/vanished;/);
  });

  it('tells a queue without workers from work without an end', () => {
    expect(toSentence(of(timeout('SCHEDULE_TO_START')), 5)).toMatch(/^no worker took it in time/);
    expect(toSentence(of(timeout('START_TO_CLOSE')), 5)).toMatch(/given up, 5 times/);
  });

  it('says something when there is no message', () => {
    expect(toSentence(of(ApplicationFailure.create({ message: '' })), 5)).toMatch(
      /without a message/,
    );
  });
});

it('tells what happened to us from our own bugs', () => {
  expect(isReported(of(new Error('x')))).toBe(true);
  expect(isReported(new Error('x'))).toBe(false);
});
