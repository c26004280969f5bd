import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import picomatch from 'picomatch';
import { fixedFolderOf, isGlob, matching, Patterns, TooCostly } from './glob.js';

describe('a pattern', () => {
  it('means what picomatch means', () => {
    const segment = fc.constantFrom(
      'a',
      'b',
      '*',
      '**',
      '?',
      'a*',
      '*b',
      'a?c',
      '{a,b}',
      '.a',
      '*.{a,b}',
    );
    const patterns = fc.array(segment, { minLength: 1, maxLength: 5 }).map((s) => s.join('/'));
    const word = fc.constantFrom('a', 'b', 'ab', 'abc', 'acb', '.a', 'a.b', 'c');
    const paths = fc.array(word, { minLength: 1, maxLength: 5 }).map((s) => s.join('/'));
    fc.assert(
      fc.property(patterns, paths, (pattern, path) => {
        // There "a/**" takes in "a" and "a*/**" does not; here both do.
        fc.pre(!/[*?}]\/\*\*(\/\*\*)*$/.test(pattern));
        const theirs = picomatch(pattern, { dot: true })(path);
        expect([pattern, path, matching([pattern], path) !== undefined]).toEqual([
          pattern,
          path,
          theirs,
        ]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('says which one took a text in', () => {
    expect(matching(['docs/**', 'src/**', '**'], 'src/a.ts')).toBe('src/**');
  });

  it('takes a text out again with "!", in whatever order', () => {
    expect(matching(['**', '!docs/**'], 'docs/a.md')).toBeUndefined();
    expect(matching(['!docs/**', '**'], 'docs/a.md')).toBeUndefined();
    expect(matching(['**', '!docs/**'], 'src/a.md')).toBe('**');
  });

  it.each(['main', 'release/*', '**', '!docs/**', '*.{ts,js}', 'a?c', '**/x'])(
    'may be %j',
    (glob) => {
      expect(isGlob(glob)).toBe(true);
    },
  );

  it.each([
    '',
    '!',
    '/a',
    'a/',
    'a//b',
    '[a]',
    '(a|b)',
    '+(a)',
    '!!a',
    'a\\b',
    '{a',
    'a}',
    '{a,{b}}',
    `${'{a,b}'.repeat(7)}`,
  ])('may not be %j', (glob) => {
    expect(isGlob(glob)).toBe(false);
  });

  it('stops when all texts together take too much work', () => {
    const patterns = new Patterns([`*${'a'.repeat(100)}b`], 500_000);
    const ask = () => patterns.matching('a'.repeat(4_000));
    expect(ask()).toBeUndefined();
    expect(ask).toThrow(TooCostly);
  });

  it.each([
    ['dist/**/*.js', 'dist'],
    ['a/b/c?', 'a/b'],
    ['*', ''],
    ['a/{b,c}/d', 'a'],
    ['a/b', 'a'],
  ])('%j looks only below %j', (glob, folder) => {
    expect(fixedFolderOf(glob)).toBe(folder);
  });

  it('takes no longer for a hostile pattern than for any other', () => {
    // As a regular expression this would take longer than the sun lasts.
    expect(matching([`${'*a'.repeat(120)}b`], 'a'.repeat(4_000))).toBeUndefined();
    expect(matching([`${'**/a/'.repeat(50)}b`], 'a/'.repeat(2_000))).toBeUndefined();
  });
});
