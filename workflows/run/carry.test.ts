import { describe, expect, it } from '@jest/globals';
import { Status } from '../domain/run.js';
import { check, deploy, gate, image, said, step } from '../testing/plans.js';
import { artifactsNamedBy, outputsNamedBy, packSteps, unpackSteps } from './carry.js';
import type { StepState } from './run.messages.js';

const pending: StepState = { status: 'pending' };
const of = (states: Record<string, StepState>) => (name: string) => states[name] ?? pending;
const result = (more: object) => ({ verdict: 'succeeded' as const, ...more });

describe('what goes along into a new history', () => {
  it.each(Status.options)('knows a step that is %s', (status) => {
    const steps = [step('a')];
    const back = unpackSteps(steps, packSteps(steps, of({ a: { status } })));
    expect(back.get('a') ?? pending).toEqual({ status });
  });

  it('holds the archive for as long as a deploy is to come', () => {
    const steps = [image, deploy('staging', ['image'])];
    const built: StepState = { status: 'succeeded', result: { ...said.archive } };
    expect(packSteps(steps, of({ image: built })).details).toEqual({
      image: { result: said.archive },
    });
    const both = of({ image: built, staging: { status: 'succeeded' } });
    expect(packSteps(steps, both).details).toEqual({});
  });

  it('holds outputs only for steps that name them', () => {
    const env = { V: '${{ steps.a.outputs.version }}' };
    const steps = [step('a'), step('b'), step('c', { needs: ['a', 'b'], env })];
    const ended: StepState = { status: 'succeeded', result: result({ outputs: { version: '1' } }) };
    expect(Object.keys(packSteps(steps, of({ a: ended, b: ended })).details)).toEqual(['a']);
  });

  it('holds what approvers will be shown, without outputs', () => {
    const steps = [check('staging', { needs: [] }), gate(['integration'])];
    const seen: StepState = {
      status: 'succeeded',
      result: result({ summary: '14 checks ok', outputs: { big: 'x' } }),
    };
    expect(packSteps(steps, of({ integration: seen })).details).toEqual({
      integration: { result: result({ summary: '14 checks ok' }) },
    });
  });

  it('keeps reasons of a no, but not of ten thousand skipped steps', () => {
    const steps = [step('a'), step('b')];
    const states = of({
      a: { status: 'failed', reason: 'exit code 1' },
      b: { status: 'skipped', reason: 'r' },
    });
    expect(packSteps(steps, states).details).toEqual({ a: { reason: 'exit code 1' } });
  });

  it('refuses a state that does not fit the plan: a bug', () => {
    expect(() => unpackSteps([step('a')], { statuses: '', details: {} })).toThrow('no status');
  });
});

describe('what a step names', () => {
  it('are outputs in its env and its checks', () => {
    const http = [{ url: '/v/${{ steps.build-it.outputs.v }}' }];
    const named = check('staging', { spec: { http }, env: { A: '${{steps.a.outputs.x}}' } });
    expect(outputsNamedBy(named)).toEqual(new Set(['a', 'build-it']));
  });

  it('are the artifacts of its needs, what it scans, what it releases', () => {
    expect(artifactsNamedBy(step('a', { needs: ['x', 'y'] }))).toEqual(['x', 'y']);
    expect(artifactsNamedBy({ name: 's', kind: 'scan', spec: { of: 'image' } })).toEqual(['image']);
    expect(artifactsNamedBy(deploy('staging', ['scan', 'image']))).toEqual(['scan', 'image']);
  });
});
