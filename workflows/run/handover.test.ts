import { describe, expect, it } from '@jest/globals';
import { MAX_OUTPUT_BYTES, MAX_PLAN_BYTES, MAX_REASON_CHARS, MAX_STEPS } from '../domain/limits.js';
import type { PlannedStep } from '../pipeline/plan.js';
import { gate, runInput, step } from '../testing/plans.js';
import { handOver } from './handover.js';
import type { Carried, StepState } from './run.messages.js';
import { bytesOf, luggageLimit, MAX_HANDOVER_BYTES, startsAtOnce } from './weight.js';

const rest: Omit<Carried, 'steps'> = {
  status: 'running',
  deployed: [],
  places: {},
  wasPutBack: false,
  notPutBack: [],
};
const long = '理'.repeat(MAX_REASON_CHARS);

describe('what a run hands over to its next history', () => {
  it('holds every reason and summary as long as they fit', () => {
    const steps = [step('a', { continueOnError: true }), step('b'), gate(['b'])];
    const states: Record<string, StepState> = {
      a: { status: 'failed', reason: 'exit code 1' },
      b: { status: 'succeeded', result: { verdict: 'succeeded', summary: '14 checks ok' } },
    };
    const next = handOver(runInput(steps), (name) => states[name] ?? { status: 'pending' }, rest);
    expect(next?.carried?.steps.details).toEqual({
      a: { reason: 'exit code 1' },
      b: { result: { verdict: 'succeeded', summary: '14 checks ok' } },
    });
  });

  it('fits for ten thousand steps that all say a long no: the outcome needs only the first and last', () => {
    const steps = many(MAX_STEPS);
    const next = handOver(runInput(steps), () => ({ status: 'failed', reason: long }), rest);
    expect(bytesOf(next)).toBeLessThanOrEqual(MAX_HANDOVER_BYTES);
    expect(Object.keys(next?.carried?.steps.details ?? {})).toEqual(['step-0', 'step-9999']);
  });

  it('fits for the largest plan, whatever the steps said and however often it was put back', () => {
    const steps = many(1_000);
    const room = MAX_PLAN_BYTES - bytesOf(runInput(steps).plan);
    const script = 'x'.repeat(Math.floor(room / steps.length));
    const large = steps.map((each) => ({ ...each, spec: { commands: [`true${script}`] } }));
    const stood = Array.from({ length: 100 }, (_unused, index) => ({
      step: `${index}`.padEnd(60, 's'),
      stage: `${index}`.padEnd(40, 's'),
      releaseDigest: `sha256:${'a'.repeat(64)}`,
    }));
    const notPutBack = stood.slice(0, 20).map(() => long);
    const input = runInput(large as PlannedStep[]);
    const states = (): StepState => ({ status: 'failed', reason: long });
    const next = handOver(input, states, { ...rest, deployed: stood, notPutBack });
    expect(bytesOf(next)).toBeLessThanOrEqual(MAX_HANDOVER_BYTES);
  });

  it('is refused when it cannot be made to fit', () => {
    const env = { V: '${{ steps.a.outputs.v }}' };
    const state: StepState = {
      status: 'succeeded',
      result: { verdict: 'succeeded', outputs: { v: 'x'.repeat(MAX_HANDOVER_BYTES) } },
    };
    const steps = [step('a'), step('b', { needs: ['a'], env })];
    const of = (name: string): StepState => (name === 'a' ? state : { status: 'pending' });
    expect(handOver(runInput(steps), of, rest)).toBeUndefined();
  });
});

describe('weights', () => {
  it('leave room for outputs beside the largest plan', () => {
    const left = luggageLimit(MAX_PLAN_BYTES + 1_000, MAX_STEPS);
    expect(left).toBeGreaterThan(3 * MAX_OUTPUT_BYTES);
    expect(luggageLimit(MAX_HANDOVER_BYTES, 1)).toBe(0);
  });

  it('slow the start of steps down only when each is told much', () => {
    expect(startsAtOnce(500, 500)).toBe(500);
    expect(startsAtOnce(60_000, 500)).toBe(25);
    expect(startsAtOnce(5_000_000, 500)).toBe(1);
  });
});

function many(count: number): PlannedStep[] {
  return Array.from({ length: count }, (_unused, index) => step(`step-${index}`));
}
