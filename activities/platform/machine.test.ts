import { describe, expect, it } from '@jest/globals';
import { MachineTrouble, machineTrouble } from './machine.js';

const system = (code: string, more: object = {}): Error =>
  Object.assign(new Error(`${code}: as the system says it`), { code, ...more });

describe('trouble of the machine', () => {
  it.each([
    ['a full disk', system('ENOSPC'), /^no space is left on the disk: ENOSPC/],
    ['a quota', system('EDQUOT'), /^no space is left/],
    ['a full disk of PostgreSQL', system('53100'), /^no space is left/],
    ['a full disk of git', new Error('fatal: write: No space left on device'), /^no space is left/],
    ['descriptors of the process', system('EMFILE'), /^no file descriptor is left/],
    ['descriptors of the machine', system('ENFILE'), /^no file descriptor is left/],
    ['a disk that is broken', system('EIO'), /^the disk cannot be read or written/],
    ['processes', system('EAGAIN', { syscall: 'spawn git' }), /^no memory or no process is left/],
  ])('names %s', (_what, error, words) => {
    expect(machineTrouble(error)?.message).toMatch(words);
    expect(machineTrouble(error)?.help).toMatch(/goes on by itself/);
  });

  it('names the place on the disk that the error knows, else the one that the caller knows', () => {
    const copying = system('ENOSPC', { path: '/from', dest: '/to' });
    expect(machineTrouble(copying)?.message).toContain('the disk that holds "/to"');
    expect(machineTrouble(system('ENOSPC'), '/home')?.message).toContain('holds "/home"');
    expect(machineTrouble(system('EMFILE'), '/home')?.message).not.toContain('/home');
  });

  it('is found behind other errors, and is not wrapped twice', () => {
    const behind = new Error('cannot be kept', {
      cause: new Error('x', { cause: system('ENOSPC') }),
    });
    const trouble = machineTrouble(behind);
    expect(trouble).toBeInstanceOf(MachineTrouble);
    expect(machineTrouble(new Error('outer', { cause: trouble }))).toBe(trouble);
  });

  it.each([
    ['what is absent', system('ENOENT')],
    ['a busy pipe', system('EAGAIN', { syscall: 'write' })],
    ['a bug', new Error('x is not a function')],
    ['what is no error', 'ENOSPC'],
    ['a circle of causes', circle()],
  ])('is not %s', (_what, error) => {
    expect(machineTrouble(error)).toBeUndefined();
  });
});

function circle(): Error {
  const error = new Error('round');
  error.cause = error;
  return error;
}
