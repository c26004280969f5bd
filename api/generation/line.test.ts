import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ahead, displaced, next, type Waiting } from './line.js';

// Fairness between users, for any line and any number of slots.

const login = fc.constantFrom('ada', 'bob', 'eve', 'dan');
const line = fc.array(
  login.map((one): Waiting => ({ login: one })),
  { maxLength: 30 },
);
const running = fc
  .dictionary(login, fc.integer({ min: 0, max: 5 }))
  .map((counts) => new Map(Object.entries(counts)));

/** Begins one after the other, and nothing ends. */
function* begun(waiting: Waiting[], counts: ReadonlyMap<string, number>): Generator<Waiting> {
  const [left, now] = [[...waiting], new Map(counts)];
  for (;;) {
    const chosen = next(left, now);
    if (!chosen) return;
    left.splice(left.indexOf(chosen), 1);
    now.set(chosen.login, (now.get(chosen.login) ?? 0) + 1);
    yield chosen;
  }
}

describe('the line', () => {
  it('gives the slot to the user with the fewest in flight, then to whoever waits longest', () => {
    const [first, second, third] = [{ login: 'ada' }, { login: 'bob' }, { login: 'eve' }];
    expect(next([first, second, third], new Map([['ada', 1]]))).toBe(second);
    expect(next([first, second], new Map())).toBe(first);
    expect(next([], new Map())).toBeUndefined();
  });

  it('lets nobody with much in flight go before somebody with less', () =>
    fc.assert(
      fc.property(line, running, (waiting, counts) => {
        const chosen = next(waiting, counts);
        const of = (one: Waiting) => counts.get(one.login) ?? 0;
        expect(chosen === undefined).toBe(waiting.length === 0);
        if (!chosen) return;
        const place = waiting.indexOf(chosen);
        for (const [index, other] of waiting.entries()) {
          expect(of(other)).toBeGreaterThanOrEqual(of(chosen));
          if (of(other) === of(chosen)) expect(index).toBeGreaterThanOrEqual(place);
        }
      }),
    ));

  it('begins a user with one request before the second of anybody else', () =>
    fc.assert(
      fc.property(line, (waiting) => {
        const newcomer = { login: 'new' };
        const order = [...begun([...waiting, newcomer], new Map())];
        const before = order.slice(0, order.indexOf(newcomer)).map((one) => one.login);
        expect(new Set(before).size).toBe(before.length);
      }),
    ));

  it('knows how many come before without playing it through', () =>
    fc.assert(
      fc.property(line, running, login, (waiting, counts, who) => {
        const newcomer = { login: who };
        const order = [...begun([...waiting, newcomer], counts)];
        expect(ahead(waiting, counts, who)).toBe(order.indexOf(newcomer));
      }),
    ));

  it('takes a place from the user with the most, and never to turn things round', () =>
    fc.assert(
      fc.property(line, login, (waiting, who) => {
        const of = (name: string) => waiting.filter((one) => one.login === name).length;
        const most = Math.max(0, ...waiting.map((one) => of(one.login)));
        const out = displaced(waiting, who);
        expect(out !== undefined).toBe(most >= of(who) + 2);
        if (!out) return;
        expect(of(out.login)).toBe(most);
        expect(out.login).not.toBe(who);
      }),
    ));
});
