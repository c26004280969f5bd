import { describe, expect, it } from '@jest/globals';
import { afterPutBack, notPutBack } from './after-put-back.js';
import type { StepState } from './run.messages.js';

const deploy = { step: 'staging', stage: 'staging', releaseDigest: 'sha256:1' };
const because = 'put back because check: 2 of 14 checks failed';
const before: StepState = { status: 'succeeded' };

describe('a deploy whose release must not stay', () => {
  it('is rolled back when the stage serves the release before', () => {
    const after = afterPutBack(before, { deploy, because });
    expect(after).toEqual({ ...before, status: 'rolledBack', reason: because });
  });

  it('stays what it was when another release serves already: nothing was put back', () => {
    expect(afterPutBack(before, { deploy, because, servesAnother: true })).toEqual({
      ...before,
      reason:
        'rejected because check: 2 of 14 checks failed; staging serves another release already',
    });
  });

  it('is errored when the stage could not be put back, and says why', () => {
    const end = { deploy, because, trouble: 'the disk is full' };
    expect(notPutBack(end)).toBe('stage "staging" could not be put back: the disk is full');
    expect(afterPutBack(before, end)).toMatchObject({
      status: 'errored',
      reason: expect.stringContaining('could not be put back: the disk is full'),
    });
  });

  it('that was errored stays so, and keeps its reason', () => {
    const errored: StepState = { status: 'errored', reason: 'the worker vanished' };
    expect(afterPutBack(errored, { deploy, because })).toEqual(errored);
  });
});
