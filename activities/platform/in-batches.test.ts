import { describe, expect, it } from '@jest/globals';
import { inBatches } from './in-batches.js';

/** A batch that is under way, until the test ends it. */
interface Work {
  wishes: readonly { n: number }[];
  answer: (of?: (n: number) => number | Error) => void;
  fail: (error: Error) => void;
}

function watched(max: number) {
  const begun: Work[] = [];
  const ask = inBatches<{ n: number }, number>(
    (wishes) =>
      new Promise((resolve, reject) => {
        const answer = (of = (n: number): number | Error => n) =>
          resolve(wishes.map(({ n }) => of(n)));
        begun.push({ wishes, answer, fail: reject });
      }),
    max,
  );
  return {
    ask: (n: number) => ask({ n }),
    sizes: () => begun.map((one) => one.wishes.length),
    begun,
  };
}

const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));

describe('wishes', () => {
  it('are answered at once, each with its own, where nobody else asks', async () => {
    const { ask, begun } = watched(10);
    const answer = ask(7);
    await turnOfTheLoop();
    begun[0]?.answer((n) => n * 2);
    expect(await answer).toBe(14);
  });

  it('that come while others are under way gather, and begin together afterwards', async () => {
    const { ask, begun, sizes } = watched(10);
    const first = ask(1);
    await turnOfTheLoop();
    const others = [ask(2), ask(3), ask(4)];
    await turnOfTheLoop();
    expect(sizes()).toEqual([1]);
    begun[0]?.answer();
    expect(await first).toBe(1);
    await turnOfTheLoop();
    expect(sizes()).toEqual([1, 3]);
    begun[1]?.answer();
    expect(await Promise.all(others)).toEqual([2, 3, 4]);
  });

  it('are at most so many in a batch; more of them begin beside it', async () => {
    const { ask, begun, sizes } = watched(2);
    const all = [1, 2, 3, 4, 5].map(ask);
    await turnOfTheLoop();
    expect(sizes()).toEqual([2, 2, 1]);
    for (const work of begun) work.answer();
    expect(await Promise.all(all)).toEqual([1, 2, 3, 4, 5]);
  });

  it('fail alone where one is wrong, together where the work is, and never what comes after', async () => {
    const { ask, begun } = watched(10);
    const some = [ask(1), ask(2)];
    await turnOfTheLoop();
    begun[0]?.answer((n) => (n === 1 ? new Error('one is wrong') : n));
    await expect(some[0]).rejects.toThrow('one is wrong');
    expect(await some[1]).toBe(2);
    const away = [ask(3), ask(4)];
    await turnOfTheLoop();
    begun[1]?.fail(new Error('away'));
    for (const one of away) await expect(one).rejects.toThrow('away');
    const next = ask(5);
    await turnOfTheLoop();
    begun[2]?.answer();
    expect(await next).toBe(5);
  });
});
