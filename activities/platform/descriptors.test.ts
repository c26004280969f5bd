import { describe, expect, it } from '@jest/globals';
import { watchDescriptors } from './descriptors.js';

describe('a process without file descriptors', () => {
  it('says so once, and says when there are some again', async () => {
    const said: string[] = [];
    const over = Promise.withResolvers<void>();
    let looks = 0;
    const look = (): void => {
      looks++;
      if (looks === 8) over.resolve();
      if (looks < 3 || looks > 5) return;
      throw Object.assign(new Error('EMFILE: open'), { code: 'EMFILE' });
    };
    const log = {
      warn: (_fields: object, words: string) => void said.push(words),
      info: (words: string) => void said.push(words),
    };
    const stop = watchDescriptors(log as never, { look, everyMs: 2 });
    await over.promise;
    stop();
    expect(said).toEqual([
      'no file descriptor is left: EMFILE: open',
      'there are file descriptors again',
    ]);
  });
});
