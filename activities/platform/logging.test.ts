import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createLog, logOutput } from './logging.js';

const said = (fields: object, message = 'hello'): string => {
  let text = '';
  const log = createLog('worker', 'info', {
    write: (line) => {
      text += line;
    },
  });
  log.info(fields, message);
  return text;
};

describe('the log', () => {
  it('is one line of JSON with who, when and how grave', () => {
    const line = said({ runId: 'web-1' });
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      level: 'info',
      process: 'worker',
      runId: 'web-1',
      msg: 'hello',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  it.each([
    ['a field', { token: 'secret-1' }],
    ['a field of a field', { headers: { authorization: 'secret-1' } }],
    ['our token in a text', { reason: `no user has slp_${'secret-1'.padEnd(43, 'x')}` }],
    ['the password of a database', { error: 'cannot reach postgres://slipway:secret-1@db:5432/x' }],
    ['a header in a text', { sent: 'Authorization: Bearer secret-1' }],
    ['an error', { err: new Error('postgres://u:secret-1@h/d refused') }],
  ])('never shows a secret in %s', (_where, fields) => {
    expect(said(fields)).not.toContain('secret-1');
  });

  it('never shows the row that a database names with its error', () => {
    const row = 'Failing row contains (7, my mother was born in Cork).';
    const driverError = Object.assign(new Error('not null'), { detail: row });
    const err = Object.assign(new Error('not null'), {
      detail: row,
      parameters: [row],
      driverError,
    });
    expect(said({ err })).not.toContain('Cork');
    expect(said({ err })).toContain('not null');
  });

  it('that cannot be written ends nobody', () => {
    const readOnly = openSync(import.meta.filename, 'r');
    const log = createLog('worker', 'info', logOutput(readOnly));
    for (let line = 0; line < 20; line++) log.error({ part: 'x'.repeat(100_000) }, 'no room');
    closeSync(readOnly);
  });

  it('goes to the descriptor that it is given', () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-log-'));
    const file = openSync(join(folder, 'log'), 'a');
    createLog('worker', 'info', logOutput(file)).info('hello');
    expect(readFileSync(join(folder, 'log'), 'utf8')).toMatch(/"msg":"hello"/);
    closeSync(file);
    rmSync(folder, { recursive: true });
  });
});
