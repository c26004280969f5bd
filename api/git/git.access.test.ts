import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../activities/store/errors.js';
import { GitRefusal, toRefusal } from './git.access.js';

describe('what goes wrong at the git endpoint', () => {
  it.each([
    [
      'a full disk',
      Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' }),
      /no space is left/,
    ],
    [
      'a full disk of git',
      new Error('git http-backend broke: No space left on device'),
      /no space/,
    ],
    [
      'descriptors',
      Object.assign(new Error('spawn EMFILE'), { code: 'EMFILE' }),
      /no file descriptor/,
    ],
    ['the store', new StoreUnavailable(new Error('refused')), /PostgreSQL cannot be reached/],
  ])('is 503 with the reason: %s', (_what, error, words) => {
    const refusal = toRefusal(error);
    expect(refusal).toMatchObject({ status: 503, message: expect.stringMatching(words) });
    expect(refusal.message).toMatch(/goes on by itself/);
  });

  it('is 500 when it is a mistake of ours, whose words stay in the log', () => {
    const refusal = toRefusal(new TypeError('x is undefined'));
    expect(refusal).toMatchObject({ status: 500, message: expect.not.stringContaining('x is') });
  });

  it('stays what it is when it is a refusal already', () => {
    const refusal = new GitRefusal(404, 'There is no repository.');
    expect(toRefusal(refusal)).toBe(refusal);
  });
});
