import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PlannedStep, When } from '../pipeline/plan.js';
import { step } from '../testing/plans.js';
import { type Ended, Scheduler } from './scheduler.js';

const ENDINGS: Ended[] = [
  'succeeded',
  'failed',
  'rolledBack',
  'errored',
  'cancelled',
  'skipped',
  'superseded',
];
const names = (steps: PlannedStep[]) => steps.map(({ name }) => name);
const all = (scheduler: Scheduler) => scheduler.ready(1_000);

/** Starts everything, lets `a` end so, and says what becomes of the step behind it. */
function after(status: Ended, when?: When, continueOnError = false): string {
  const behind = step('b', { needs: ['a'], ...(when === undefined ? {} : { when }) });
  const scheduler = new Scheduler([step('a', { continueOnError }), behind]);
  all(scheduler);
  scheduler.finished('a', status);
  const { start, passed } = all(scheduler);
  return start.length > 0 ? 'starts' : (passed[0]?.status ?? 'waits');
}

describe('a step', () => {
  it('starts when it needs nothing, in the order of the file', () => {
    expect(names(all(new Scheduler([step('b'), step('a')])).start)).toEqual(['b', 'a']);
  });

  it('waits until everything that it needs has ended', () => {
    const scheduler = new Scheduler([step('a'), step('b'), step('c', { needs: ['a', 'b'] })]);
    all(scheduler);
    scheduler.finished('a', 'succeeded');
    expect(all(scheduler)).toEqual({ start: [], passed: [] });
    scheduler.finished('b', 'succeeded');
    expect(names(all(scheduler).start)).toEqual(['c']);
  });

  it.each(ENDINGS)('without "when" starts after %s only when that was a success', (status) => {
    expect(after(status)).toBe(status === 'succeeded' ? 'starts' : 'skipped');
  });

  it.each(ENDINGS)('with "when: failure" starts after %s only when that was a no', (status) => {
    const isNo = ['failed', 'rolledBack', 'errored'].includes(status);
    expect(after(status, 'failure')).toBe(isNo ? 'starts' : 'skipped');
  });

  it.each(ENDINGS)('with "when: always" starts after %s', (status) => {
    expect(after(status, 'always')).toBe('starts');
  });

  it.each(ENDINGS)(
    'takes %s under continueOnError for a success when it was a no, and `when: failure` still hears it',
    (status) => {
      const isYes = ['succeeded', 'failed', 'rolledBack', 'errored'].includes(status);
      expect(after(status, 'succeeded', true)).toBe(isYes ? 'starts' : 'skipped');
      const isNo = ['failed', 'rolledBack', 'errored'].includes(status);
      expect(after(status, 'failure', true)).toBe(isNo ? 'starts' : 'skipped');
    },
  );

  it('looks at everything before it, not only at its direct needs', () => {
    const scheduler = new Scheduler([
      step('a'),
      step('b', { needs: ['a'], when: 'always' }),
      step('c', { needs: ['b'] }),
      step('d', { needs: ['b'], when: 'failure' }),
    ]);
    all(scheduler);
    scheduler.finished('a', 'failed');
    all(scheduler);
    scheduler.finished('b', 'succeeded');
    const { start, passed } = all(scheduler);
    expect(names(start)).toEqual(['d']);
    expect(passed).toEqual([{ name: 'c', status: 'skipped' }]);
  });

  it('may name a need twice', () => {
    const scheduler = new Scheduler([step('a'), step('b', { needs: ['a', 'a'] })]);
    all(scheduler);
    scheduler.finished('a', 'succeeded');
    expect(names(all(scheduler).start)).toEqual(['b']);
  });
});

describe('a scheduler', () => {
  it('gives at most as many steps as it is asked for', () => {
    const scheduler = new Scheduler([step('a'), step('b'), step('c')]);
    expect(names(scheduler.ready(2).start)).toEqual(['a', 'b']);
    expect(scheduler.ready(0).start).toEqual([]);
    expect(names(scheduler.ready(2).start)).toEqual(['c']);
  });

  it('starts only "when: always" steps after a cancel', () => {
    const scheduler = new Scheduler([
      step('a'),
      step('b', { needs: ['a'] }),
      step('c'),
      step('d', { needs: ['c'], when: 'always' }),
      step('e', { needs: ['b'] }),
    ]);
    scheduler.ready(2);
    scheduler.cancel();
    scheduler.finished('a', 'succeeded');
    scheduler.finished('c', 'cancelled');
    const { start, passed } = all(scheduler);
    expect(names(start)).toEqual(['d']);
    expect(passed).toEqual([
      { name: 'b', status: 'cancelled' },
      { name: 'e', status: 'skipped' },
    ]);
  });

  it('skips what waits for a deploy that is put back, unless it waits for failures', () => {
    const scheduler = new Scheduler([
      step('deploy'),
      step('slow'),
      step('b', { needs: ['deploy', 'slow'] }),
      step('c', { needs: ['deploy', 'slow'], when: 'failure' }),
    ]);
    all(scheduler);
    scheduler.finished('deploy', 'succeeded');
    scheduler.revoked('deploy');
    expect(scheduler.isBroken('b')).toBe(true);
    expect(scheduler.isBroken('slow')).toBe(false);
    scheduler.finished('slow', 'succeeded');
    const { start, passed } = all(scheduler);
    expect(names(start)).toEqual(['c']);
    expect(passed).toEqual([{ name: 'b', status: 'skipped' }]);
  });

  it('goes on from known statuses', () => {
    const steps = [step('a'), step('b', { needs: ['a'] }), step('c', { needs: ['b'] }), step('d')];
    const known = new Map([['a', 'failed' as const]]);
    const scheduler = new Scheduler(steps, known);
    expect(names(all(scheduler).start)).toEqual(['d']);
    scheduler.finished('d', 'succeeded');
    expect(scheduler.isDone).toBe(true);
  });

  it('takes a waiting step for started', () => {
    const scheduler = new Scheduler([step('gate')], new Map([['gate', 'waiting']]));
    expect(all(scheduler).start).toEqual([]);
    scheduler.finished('gate', 'succeeded');
    expect(scheduler.isDone).toBe(true);
  });

  it('stops for bugs: an unknown need, an end without a start, an unknown step', () => {
    expect(() => new Scheduler([step('a', { needs: ['b'] })])).toThrow('no step "b"');
    expect(() => new Scheduler([step('a')]).finished('a', 'failed')).toThrow('it is pending');
    expect(() => new Scheduler([step('a')]).finished('x', 'failed')).toThrow('no step "x"');
  });
});

const plans = fc
  .array(
    fc.record({
      needs: fc.array(fc.nat(), { maxLength: 4 }),
      when: fc.constantFrom<When | undefined>(undefined, 'succeeded', 'failure', 'always'),
      continueOnError: fc.boolean(),
      ends: fc.constantFrom<Ended>('succeeded', 'succeeded', 'failed', 'errored', 'cancelled'),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((drawn) =>
    drawn.map(({ needs, when, continueOnError, ends }, index) => ({
      ends,
      step: step(`s${index}`, {
        needs: index === 0 ? [] : needs.map((need) => `s${need % index}`),
        continueOnError,
        ...(when === undefined ? {} : { when }),
      }),
    })),
  );

/** Plays a plan to its end, at most `limit` steps at a time. */
function play(plan: { step: PlannedStep; ends: Ended }[], limit: number, cancelAfter = Infinity) {
  const steps = plan.map((each) => each.step);
  const ends = new Map(plan.map((each) => [each.step.name, each.ends]));
  const scheduler = new Scheduler(steps);
  const finals = new Map<string, Ended[]>();
  const order: string[] = [];
  const running: string[] = [];
  const end = (name: string, status: Ended) => {
    finals.set(name, [...(finals.get(name) ?? []), status]);
    order.push(name);
  };
  for (let rounds = 0; !scheduler.isDone && rounds < 10 * steps.length; rounds++) {
    if (order.length >= cancelAfter) scheduler.cancel();
    const { start, passed } = scheduler.ready(limit - running.length);
    for (const { name, status } of passed) end(name, status);
    running.push(...names(start));
    const next = running.shift();
    if (next === undefined) continue;
    const status = ends.get(next) ?? 'succeeded';
    scheduler.finished(next, status);
    end(next, status);
  }
  return { scheduler, finals, order, steps };
}

describe('any plan', () => {
  it('ends with exactly one final status for every step, after everything that it needs', () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 5 }), fc.nat(60), (plan, limit, cancelAfter) => {
        const { scheduler, finals, order, steps } = play(plan, limit, cancelAfter);
        expect(scheduler.isDone).toBe(true);
        for (const { name, needs = [] } of steps) {
          expect(finals.get(name)).toHaveLength(1);
          for (const need of needs) expect(order.indexOf(need)).toBeLessThan(order.indexOf(name));
        }
      }),
    );
  });

  it('ends in the same way however many steps run at a time', () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 5 }), (plan, limit) => {
        const sorted = (finals: Map<string, Ended[]>) =>
          [...finals].sort(([a], [b]) => a.localeCompare(b));
        expect(sorted(play(plan, limit).finals)).toEqual(sorted(play(plan, 100).finals));
      }),
    );
  });

  it('costs no more than a few looks at each step and need', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { scheduler, steps } = play(plan, 3);
        const needs = steps.reduce((sum, { needs: own = [] }) => sum + own.length, 0);
        expect(scheduler.visits).toBeLessThanOrEqual(2 * steps.length + 6 * needs);
      }),
    );
  });
});

describe('ten thousand steps', () => {
  const cost = (steps: PlannedStep[]) =>
    play(
      steps.map((each) => ({ step: each, ends: 'failed' })),
      500,
    ).scheduler.visits;

  it('in a chain cost as many looks per step as a hundred', () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, i) => step(`s${i}`, i === 0 ? {} : { needs: [`s${i - 1}`] }));
    expect(cost(chain(10_000)) / 10_000).toBeLessThanOrEqual(cost(chain(100)) / 100 + 1);
  });

  it('behind one cost as many looks per step as a hundred', () => {
    const fan = (width: number) =>
      Array.from({ length: width }, (_, i) => step(`s${i}`, i === 0 ? {} : { needs: ['s0'] }));
    expect(cost(fan(10_000)) / 10_000).toBeLessThanOrEqual(cost(fan(100)) / 100 + 1);
  });
});
