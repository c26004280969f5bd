import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Place } from './stage.messages.js';
import { inOrder, moved, nextTurn, waitingIn } from './turns.js';

const STATES: Place['state'][] = ['approaching', 'asking', 'holding', 'paused'];
const at = (order: number, state: Place['state']): Place => ({ runId: `r${order}`, order, state });

describe('of two runs', () => {
  const turn = (older: Place['state'], newer: Place['state']) =>
    nextTurn([at(2, newer), at(1, older)])?.runId ?? 'nobody';
  const expected: Record<Place['state'], Record<Place['state'], string>> = {
    approaching: { approaching: 'nobody', asking: 'nobody', holding: 'nobody', paused: 'nobody' },
    asking: { approaching: 'r1', asking: 'r1', holding: 'nobody', paused: 'r1' },
    holding: { approaching: 'nobody', asking: 'nobody', holding: 'nobody', paused: 'nobody' },
    paused: { approaching: 'nobody', asking: 'r2', holding: 'nobody', paused: 'nobody' },
  };
  const pairs = STATES.flatMap((older) => STATES.map((newer) => [older, newer] as const));

  it.each(pairs)('the older %s, the newer %s: the turn goes to the right one', (older, newer) => {
    expect(turn(older, newer)).toBe(expected[older][newer]);
  });
});

describe('any queue', () => {
  const queues = fc.uniqueArray(
    fc.record({ order: fc.nat(20), state: fc.constantFrom(...STATES) }),
    { selector: ({ order }) => order, maxLength: 10 },
  );
  const places = queues.map((drawn) => drawn.map(({ order, state }) => at(order, state)));

  it('gives a turn only when nobody holds it, and to the oldest who is not paused', () => {
    fc.assert(
      fc.property(places, (queue) => {
        const next = nextTurn(queue);
        if (next === undefined) return;
        expect(next.state).toBe('asking');
        expect(queue.some(({ state }) => state === 'holding')).toBe(false);
        const older = queue.filter(({ order }) => order < next.order);
        expect(older.every(({ state }) => state === 'paused')).toBe(true);
      }),
    );
  });

  it('comes to an end: with everybody asking, each gets the turn once, in order', () => {
    fc.assert(
      fc.property(places, (queue) => {
        let left = queue.map((place): Place => ({ ...place, state: 'asking' }));
        const served: number[] = [];
        for (let next = nextTurn(left); next !== undefined; next = nextTurn(left)) {
          served.push(next.order);
          left = left.filter(({ runId }) => runId !== next?.runId);
        }
        expect(served).toEqual(inOrder(queue).map(({ order }) => order));
      }),
    );
  });
});

describe('those who wait', () => {
  it('hear how many are before them, and who is next', () => {
    expect(
      waitingIn([at(3, 'asking'), at(5, 'holding'), at(4, 'asking'), at(1, 'paused')]),
    ).toEqual([
      { runId: 'r3', position: 1, behind: 'r5' },
      { runId: 'r4', position: 2, behind: 'r3' },
    ]);
  });

  it('are only those who ask', () => {
    expect(waitingIn([at(1, 'holding'), at(2, 'approaching')])).toEqual([]);
    expect(waitingIn([at(1, 'asking')])).toEqual([]);
  });
});

describe('a word of a run', () => {
  it.each(STATES)('"%s" is taken as it is from a new run', (state) => {
    expect(moved(undefined, at(1, state))).toEqual(at(1, state));
  });

  it('"asking" does not take the turn from its holder', () => {
    expect(moved(at(1, 'holding'), at(1, 'asking'))).toEqual(at(1, 'holding'));
    expect(moved(at(1, 'holding'), at(1, 'paused'))).toEqual(at(1, 'paused'));
    expect(moved(at(1, 'paused'), at(1, 'asking'))).toEqual(at(1, 'asking'));
  });
});
