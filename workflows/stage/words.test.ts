import { describe, expect, it } from '@jest/globals';
import type { Place } from './stage.messages.js';
import { waitingIn } from './turns.js';
import { NEAR, Words } from './words.js';

const line = (first: number, last: number) =>
  waitingIn(
    Array.from({ length: last - first + 1 }, (_unused, index): Place => {
      const order = first + index;
      return { runId: `r${order}`, order, state: index === 0 ? 'holding' : 'asking' };
    }),
  );

/** Everybody has a turn, one after the other; how many words that takes. */
function wordsOfAll(count: number): { total: number; most: number; last: number[] } {
  const words = new Words();
  let [total, most] = [0, 0];
  const last: number[] = [];
  for (let holder = 0; holder < count; holder++) {
    const said = words.toTheNear(line(holder, count));
    total += said.length;
    most = Math.max(most, said.length);
    last.push(...said.filter(({ runId }) => runId === `r${count}`).map((each) => each.position));
  }
  return { total, most, last };
}

describe('a line of a thousand', () => {
  it('takes some words for each of them, and not one for each at every turn', () => {
    const { total } = wordsOfAll(1_000);
    expect(total / 1_000).toBeLessThan(NEAR + 10);
  });

  it('takes one more for each of them than a line of five hundred', () => {
    const each = (count: number) => wordsOfAll(count).total / count;
    expect(each(1_000) - each(500)).toBeLessThan(1.5);
  });

  it('never takes more at once than Temporal lets be on their way', () => {
    expect(wordsOfAll(1_000).most).toBeLessThanOrEqual(100);
  });

  it('tells the last one when half are gone, again and again, and then at every turn', () => {
    const { last } = wordsOfAll(1_000);
    for (const [index, position] of last.slice(1).entries()) {
      expect(position).toBeLessThan(last[index] ?? 0);
    }
    expect(last.slice(-NEAR)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(last.length).toBeLessThan(2 * NEAR);
  });
});

describe('a short line', () => {
  it('hears everything, and nothing twice', () => {
    const words = new Words();
    expect(words.toTheNear(line(1, 4))).toHaveLength(3);
    expect(words.toTheNear(line(1, 4))).toEqual([]);
    expect(words.toTheNear(line(2, 4)).map(({ runId }) => runId)).toEqual(['r3', 'r4']);
  });

  it('hears the same by either rule', () => {
    const [near, all] = [new Words(), new Words()];
    for (const first of [1, 2, 3, 5]) {
      expect(near.toTheNear(line(first, 9))).toEqual(all.toAll(line(first, 9)));
    }
  });
});

describe('who knows already', () => {
  it('is not told again', () => {
    const words = new Words();
    words.heard(line(1, 50));
    expect(words.toTheNear(line(1, 50))).toEqual([]);
    expect(words.toTheNear(line(2, 50)).map(({ position }) => position)).toEqual(
      Array.from({ length: NEAR }, (_unused, index) => index + 1),
    );
  });
});
