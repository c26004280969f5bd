import { describe, expect, it } from '@jest/globals';
import type { ArgumentsHost } from '@nestjs/common';
import { createLog } from '../../activities/platform/logging.js';
import { StoreUnavailable } from '../../activities/store/errors.js';
import { ErrorFilter } from './error.filter.js';

/** What a caller gets when a route throws this. */
function answerTo(thrown: unknown) {
  const answer = {
    status: 0,
    headers: {} as Record<string, string>,
    body: {} as { detail: string },
  };
  const reply = {
    raw: { headersSent: false },
    header: () => reply,
    headers: (given: Record<string, string>) => Object.assign(answer, { headers: given }) && reply,
    code: (status: number) => Object.assign(answer, { status }) && reply,
    type: () => reply,
    send: (body: object) => Object.assign(answer, { body }) && reply,
  };
  const request = { method: 'GET', url: '/x', id: 'r-1', headers: {}, raw: {} };
  const http = { getRequest: () => request, getResponse: () => reply };
  const log = createLog('api', 'error', { write: () => {} });
  new ErrorFilter(log).catch(thrown, { switchToHttp: () => http } as unknown as ArgumentsHost);
  return answer;
}

describe('a request that meets trouble of the machine', () => {
  it.each([
    [
      'a full disk',
      Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' }),
      /no space is left/,
    ],
    [
      'no descriptors',
      Object.assign(new Error('spawn EMFILE'), { code: 'EMFILE' }),
      /no file desc/,
    ],
    ['a full PostgreSQL', new StoreUnavailable({ code: '53100' }), /cannot write to its disk/],
  ])('is answered 503 with the reason and when to come again: %s', (_what, error, words) => {
    const { status, headers, body } = answerTo(error);
    expect(status).toBe(503);
    expect(headers['retry-after']).toMatch(/^\d+$/);
    expect(body.detail).toMatch(words);
  });

  it('is answered 500, and told nothing, when it is a mistake of ours', () => {
    const { status, body } = answerTo(new TypeError('x is undefined'));
    expect(status).toBe(500);
    expect(body.detail).not.toContain('undefined');
  });
});
