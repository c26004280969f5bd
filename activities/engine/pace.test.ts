import { describe, expect, it } from '@jest/globals';
import { PaceMeter } from './pace.js';
import { Slots } from './slots.js';

describe('the pace of answers', () => {
  it('is unknown at first, then that of the answers, the last ones most', () => {
    const meter = new PaceMeter();
    expect(meter.decodePerSecond).toBeUndefined();
    const pace = { prefillTokens: 100, prefillMs: 1_000, decodeTokens: 50, decodeMs: 1_000 };
    meter.ended({}, pace);
    expect(meter).toMatchObject({ prefillPerSecond: 100, decodePerSecond: 50, answerTokens: 50 });
    for (let n = 0; n < 30; n++) meter.ended({}, { ...pace, decodeMs: 500 });
    expect(meter.decodePerSecond).toBeCloseTo(100, 0);
  });

  it('is not learnt from answers of a few tokens, nor from those that were lost', () => {
    const meter = new PaceMeter();
    meter.ended({}, { prefillTokens: 2, prefillMs: 1, decodeTokens: 1, decodeMs: 90 });
    meter.ended({}, undefined);
    expect(meter).toMatchObject({ prefillPerSecond: undefined, decodePerSecond: undefined });
  });

  it('knows how much of the prompts is still to be read', () => {
    const meter = new PaceMeter();
    const [one, two] = [{}, {}];
    meter.reading(one, 300);
    meter.reading(two, 50);
    meter.reading(one, 100);
    expect(meter.prefillTokens).toBe(150);
    meter.ended(two, undefined);
    meter.reading(one, 0);
    expect(meter.prefillTokens).toBe(0);
  });
});

describe('places for answers', () => {
  it('are given in turn, and those who leave the queue lose nobody a place', async () => {
    const slots = new Slots(1);
    const signal = new AbortController().signal;
    const first = await slots.take(signal);
    const gone = new AbortController();
    const left = slots.take(gone.signal);
    const order: number[] = [];
    const turn = async (number: number) => {
      const back = await slots.take(signal);
      order.push(number);
      return back;
    };
    const second = turn(2);
    const third = turn(3);
    gone.abort();
    await expect(left).rejects.toThrow();
    first();
    first();
    (await second)();
    (await third)();
    expect(order).toEqual([2, 3]);
    expect(slots.busy).toBe(0);
  });
});
