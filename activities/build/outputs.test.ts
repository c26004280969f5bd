import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseOutputs, readOutputs } from './outputs.js';

describe('outputs', () => {
  it.each([
    [
      'lines',
      'version=1.2\nempty=\n\nurl=http://x/?a=b\n',
      { version: '1.2', empty: '', url: 'http://x/?a=b' },
    ],
    [
      'blocks',
      'notes<<END\none\n\nversion=not this\nEND\nversion=2',
      { notes: 'one\n\nversion=not this', version: '2' },
    ],
    ['the last value', 'version=1\nversion=2', { version: '2' }],
    ['Windows line ends', 'version=1\r\nurl=x\r\n', { version: '1', url: 'x' }],
    ['nothing', '', {}],
  ])('are read from %s', (_what, text, values) => {
    expect(parseOutputs(text, ['version', 'notes', 'url', 'empty'])).toEqual({ ok: true, values });
  });

  it.each([
    ['an undeclared name', 'secret=1', '"secret" is not declared (declared are version); add it'],
    ['a line without a value', 'version', 'line 1 is not "name=value"'],
    ['a block without an end', 'version<<END\nx', 'has no line "END"'],
    ['a name from the prototype', '__proto__=1', 'not declared'],
  ])('say no to %s', (_what, text, words) => {
    expect(parseOutputs(text, ['version'])).toEqual({
      ok: false,
      reason: expect.stringContaining(words),
    });
  });

  describe('in their file', () => {
    let root: string;
    let file: string;
    beforeEach(async () => {
      root = await mkdtemp(join(tmpdir(), 'slipway-outputs-'));
      file = join(root, 'output');
    });
    afterEach(() => rm(root, { recursive: true, force: true }));

    it('are none when nobody wrote any', async () => {
      expect(await readOutputs(file, ['a'], () => false)).toEqual({ ok: true, values: {} });
    });

    it.each([
      ['too much', () => writeFile(file, `a=${'x'.repeat(70_000)}`), 'at most 65536 are kept'],
      ['a NUL', () => writeFile(file, 'a=\0'), 'NUL'],
      ['a link', () => symlink('/etc/passwd', file), 'not a file'],
      ['a pipe', async () => void execFileSync('mkfifo', [file]), 'not a file'],
    ])('say no to %s', async (_what, make, words) => {
      await make();
      expect(await readOutputs(file, ['a'], () => false)).toEqual({
        ok: false,
        reason: expect.stringContaining(words),
      });
    });
  });
});
