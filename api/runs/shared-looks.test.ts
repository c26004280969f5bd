import { describe, expect, it } from '@jest/globals';
import { SharedLooks } from './shared-looks.js';

describe('looks at the same thing', () => {
  it('are one look for all whom one event woke, and another one for whom the next event wakes', async () => {
    const looks = new SharedLooks<number>();
    let made = 0;
    const wake = () => {
      const event = Promise.withResolvers<void>();
      const woken = Array.from({ length: 50 }, async () => {
        await event.promise;
        return looks.look('run-1 7', async () => ++made);
      });
      setImmediate(() => event.resolve());
      return Promise.all(woken);
    };
    expect(new Set(await wake())).toEqual(new Set([1]));
    expect(new Set(await wake())).toEqual(new Set([2]));
  });

  it('are several looks at several things', async () => {
    const looks = new SharedLooks<string>();
    const both = ['a', 'b'].map((key) => looks.look(key, async () => key));
    expect(await Promise.all(both)).toEqual(['a', 'b']);
  });

  it('fail for all who shared them, and are made anew for the next', async () => {
    const looks = new SharedLooks<string>();
    const failing = () => looks.look('a', () => Promise.reject(new Error('away')));
    const both = await Promise.allSettled([failing(), failing()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await looks.look('a', async () => 'there')).toBe('there');
  });
});
