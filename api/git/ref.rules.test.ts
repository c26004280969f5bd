import { describe, expect, it } from '@jest/globals';
import { objectionTo } from './ref.rules.js';

const pushed = (ref: string, newCommit = 'a'.repeat(40)) =>
  objectionTo({ ref, oldCommit: '0'.repeat(40), newCommit });

describe('a ref', () => {
  it.each([
    'refs/heads/main',
    'refs/heads/feature/grüße-🚀',
    'refs/heads/$(touch x);rm -rf',
    'refs/heads/abcdef1',
    'refs/heads/con',
    'refs/tags/v1.0',
    'refs/notes/commits',
    `refs/heads/${'x'.repeat(255)}`,
  ])('%s may be pushed', (ref) => {
    expect(pushed(ref)).toBeUndefined();
  });

  it.each([
    ['refs/replace/aaaa', 'is no branch, tag or note'],
    ['refs/slipway/x', 'is no branch, tag or note'],
    ['refs/pull/1/head', 'is no branch, tag or note'],
    ['refs/heads', 'is no branch, tag or note'],
    ['HEAD', 'is no branch, tag or note'],
    ['refs/heads/--upload-pack=x', 'taken for an option'],
    ['refs/heads/a/-b', 'taken for an option'],
    [`refs/heads/${'a'.repeat(40)}`, 'taken for a commit'],
    [`refs/tags/${'A'.repeat(64)}`, 'taken for a commit'],
    [`refs/heads/${'x'.repeat(256)}`, 'has 256 characters'],
    ['refs/heads/a\u009b31mred', 'cannot be seen'],
    ['refs/heads/a\u202eb', 'cannot be seen'],
    ['refs/heads/a\u200bb', 'cannot be seen'],
    ['refs/heads/a\ufffd', 'cannot be seen'],
  ])('%j may not: it %s', (ref, why) => {
    expect(pushed(ref)).toContain(why);
  });

  it('may be deleted, whatever it is called', () => {
    expect(pushed('refs/heads/-x', '0'.repeat(40))).toBeUndefined();
  });
});
