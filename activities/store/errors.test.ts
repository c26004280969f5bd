import { describe, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { StoreUnavailable, translate } from './errors.js';

const failed = (code: string, message = 'as it says it'): Error =>
  Object.assign(new Error(message), { code });

describe('a PostgreSQL that cannot do it now', () => {
  it.each([
    ['away', failed('ECONNREFUSED'), 'cannot be reached', 'DATABASE_URL'],
    ['starting', failed('57P03'), 'cannot be reached', 'DATABASE_URL'],
    ['full', failed('53100'), 'cannot write to its disk', 'Make room'],
    ['on a broken disk', failed('58030'), 'cannot write to its disk', 'Make room'],
    ['out of connections', failed('53300'), 'has no room for more', 'limits'],
    ['too slow', failed('57014'), 'did not answer in time', 'locks'],
    ['silent', new Error('Query read timeout'), 'did not answer in time', 'locks'],
    ['in a deadlock', failed('40P01'), 'did not answer in time', 'locks'],
    ['beyond our descriptors', failed('EMFILE'), 'cannot be reached from here', 'ulimit -n'],
  ])('is %s, and says so', (_how, error, words, help) => {
    const said = translate(error);
    expect(said).toBeInstanceOf(StoreUnavailable);
    expect((said as StoreUnavailable).message).toContain(`PostgreSQL ${words}: ${error.message}`);
    expect((said as StoreUnavailable).help).toContain(help);
    expect((said as StoreUnavailable).help).toContain('goes on by itself');
  });

  it('is known behind TypeORM’s own error', () => {
    const said = translate(new QueryFailedError('SELECT 1', [], failed('53100')));
    expect((said as Error).message).toContain('cannot write to its disk');
  });

  it.each([
    ['a rule that was broken', failed('23505')],
    ['a wrong statement', failed('42601')],
    ['a bug', new TypeError('x is undefined')],
  ])('is not %s', (_what, error) => {
    expect(translate(error)).toBe(error);
  });
});
