import { describe, expect, it } from '@jest/globals';
import type { StepResult } from '../domain/step.js';
import type { PlannedStep } from '../pipeline/plan.js';
import { deploy, image, said, step } from '../testing/plans.js';
import { Luggage } from './luggage.js';
import type { StepState } from './run.messages.js';

const pending = (): StepState => ({ status: 'pending' });
const writes = (bytes: number): StepResult => ({
  verdict: 'succeeded',
  outputs: { v: 'x'.repeat(bytes) },
});
const reader = (name: string, of: string): PlannedStep =>
  step(name, { needs: [of], env: { V: `\${{ steps.${of}.outputs.v }}` } });

describe('what later steps need of earlier ones', () => {
  it('has a weight, and gives it back when the last of them ended', () => {
    const [first, second] = [reader('first', 'a'), reader('second', 'a')];
    const luggage = new Luggage([step('a'), first, second], pending, 10_000);
    expect(luggage.take('a', writes(1_000))).toBeUndefined();
    expect(luggage.bytes).toBeGreaterThan(1_000);
    luggage.ended(first);
    expect(luggage.bytes).toBeGreaterThan(1_000);
    luggage.ended(second);
    expect(luggage.bytes).toBe(0);
  });

  it('weighs nothing when nobody names it', () => {
    const luggage = new Luggage([step('a'), step('b', { needs: ['a'] })], pending, 10);
    expect(luggage.take('a', writes(60_000))).toBeUndefined();
    expect(luggage.bytes).toBe(0);
  });

  it('counts archives of builds that are still to be deployed', () => {
    const staging = deploy('staging', ['image']);
    const luggage = new Luggage([image, staging], pending, 10_000);
    luggage.take('image', { ...said.archive });
    expect(luggage.bytes).toBeGreaterThan(100);
    luggage.ended(staging);
    expect(luggage.bytes).toBe(0);
  });

  it('is counted in bytes, not letters', () => {
    const luggage = new Luggage([step('a'), reader('b', 'a')], pending, 10_000);
    luggage.take('a', { verdict: 'succeeded', outputs: { v: '界'.repeat(1_000) } });
    expect(luggage.bytes).toBeGreaterThan(3_000);
  });

  it('is refused beyond the limit, with the numbers and what to do; what was there stays', () => {
    const steps = [step('a'), step('b'), reader('c', 'a'), reader('d', 'b')];
    const luggage = new Luggage(steps, pending, 10_000);
    luggage.take('a', writes(6_000));
    const before = luggage.bytes;
    const refusal = luggage.take('b', writes(6_000));
    expect(refusal).toContain(`${10_000 - before} of the run's 10000 are left`);
    expect(refusal).toContain('hand files on with "artifacts"');
    expect(luggage.bytes).toBe(before);
  });

  it('is weighed anew in the next history, for those who have not ended', () => {
    const ended = (result: StepResult): StepState => ({ status: 'succeeded', result });
    const states: Record<string, StepState> = { a: ended(writes(500)), b: ended(writes(700)) };
    states['c'] = { status: 'succeeded' };
    const steps = [step('a'), step('b'), reader('c', 'a'), reader('d', 'b')];
    const luggage = new Luggage(steps, (name) => states[name] ?? pending(), 10_000);
    expect(luggage.bytes).toBeGreaterThan(700);
    expect(luggage.bytes).toBeLessThan(1_000);
  });
});
