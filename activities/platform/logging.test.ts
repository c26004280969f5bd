import { describe, expect, it } from '@jest/globals';
import { createLog } from './logging.js';

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
});
