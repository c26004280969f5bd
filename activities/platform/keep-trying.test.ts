import { describe, expect, it } from '@jest/globals';
import { keepTrying } from './keep-trying.js';

const quiet = { warn: () => {}, info: () => {} };
const away = new Error('connection refused');
const waiting = (signal: AbortSignal = new AbortController().signal) => ({
  part: 'PostgreSQL',
  log: quiet,
  signal,
  isAway: (error: unknown) => error === away,
});

describe('waiting for a part', () => {
  it('goes on as soon as the part is there', async () => {
    let tries = 0;
    const attempt = async () => {
      if (++tries < 3) throw away;
      return 'connected';
    };
    expect(await keepTrying(attempt, waiting())).toBe('connected');
  });

  it('does not wait when the part is there and says no', async () => {
    const refused = () => Promise.reject(new Error('wrong password'));
    await expect(keepTrying(refused, waiting())).rejects.toThrow('wrong password');
  });

  it('ends when the process ends', async () => {
    const ending = new AbortController();
    const attempt = () => {
      ending.abort(new Error('the process is ending'));
      return Promise.reject(away);
    };
    await expect(keepTrying(attempt, waiting(ending.signal))).rejects.toThrow();
  });
});
