import { describe, expect, it } from '@jest/globals';
import { Status } from '../../workflows/domain/run.js';
import { nextRun, nextStep, type StepState } from './changes.js';
import { at } from './testing.runs.js';

const step = (state: Partial<StepState> = {}): StepState => ({
  status: 'pending',
  reason: null,
  summary: null,
  exitCode: null,
  signal: null,
  attempts: 0,
  result: null,
  startedAt: null,
  finishedAt: null,
  ...state,
});
const change = { runId: 'web-1', name: 'test', at: at(9) };
const running = step({ status: 'running', attempts: 2, startedAt: at(1) });
const ended = step({
  status: 'succeeded',
  attempts: 2,
  startedAt: at(1),
  finishedAt: at(5),
  result: { verdict: 'succeeded' },
});

describe('a recorded step', () => {
  it('starts with its first attempt and keeps that time through later ones', () => {
    const started = nextStep(step(), { ...change, status: 'running', attempt: 1 });
    expect(started).toMatchObject({ status: 'running', attempts: 1, startedAt: at(9) });
    const again = nextStep(running, { ...change, status: 'running', attempt: 3 });
    expect(again).toMatchObject({ attempts: 3, startedAt: at(1) });
  });

  it('says that the attempt before was lost, unless that one said itself why it ended', () => {
    const reasonIfLost = 'attempt 2 was lost with its worker; trying again (3 of 5)';
    const third = { ...change, status: 'running' as const, attempt: 3, reasonIfLost };
    expect(nextStep(running, third)).toMatchObject({ reason: reasonIfLost });
    const spoke = { ...running, reason: 'attempt 2: the disk is full; it is tried again' };
    expect(nextStep(spoke, third)).toMatchObject({ reason: spoke.reason });
    const earlier = { ...running, reason: 'attempt 1: the disk is full; it is tried again' };
    expect(nextStep(earlier, third)).toMatchObject({ reason: reasonIfLost });
    expect(nextStep(step({ ...running, attempts: 3 }), third)).toBeUndefined();
  });

  it('never ends before it began, whatever the clocks say', () => {
    const late = step({ status: 'running', attempts: 1, startedAt: at(20) });
    const end = nextStep(late, { ...change, status: 'succeeded', attempt: 1 });
    expect(end).toMatchObject({ finishedAt: at(20) });
  });

  it('does not hear late words of a lost attempt', () => {
    expect(nextStep(running, { ...change, status: 'failed', attempt: 1 })).toBeUndefined();
  });

  it('keeps its final status against every word of the same attempt', () => {
    for (const status of Status.options) {
      expect(nextStep(ended, { ...change, status, attempt: 2 })).toBeUndefined();
    }
  });

  it('starts again when a later attempt does, without the result of the one before', () => {
    const again = nextStep(ended, { ...change, status: 'running', attempt: 3 });
    expect(again).toMatchObject({ status: 'running', result: null, finishedAt: null });
  });

  it('takes another end from the workflow, but is never reopened by it', () => {
    const back = nextStep(ended, { ...change, status: 'rolledBack', reason: 'put back' });
    expect(back).toMatchObject({ status: 'rolledBack', reason: 'put back', finishedAt: at(5) });
    expect(nextStep(ended, { ...change, status: 'running' })).toBeUndefined();
  });

  it('is not changed by hearing the same twice', () => {
    const result = { verdict: 'succeeded' as const };
    expect(nextStep(ended, { ...change, status: 'succeeded', result })).toBeUndefined();
  });

  it('shows what its result says', () => {
    const result = { verdict: 'failed' as const, exitCode: 1, signal: 'SIGKILL', summary: 'no' };
    const next = nextStep(running, { ...change, status: 'failed', attempt: 2, result });
    expect(next).toMatchObject({ exitCode: 1, signal: 'SIGKILL', summary: 'no', result });
  });
});

describe('a recorded run', () => {
  const run = { status: 'running' as const, reason: null, startedAt: at(1), finishedAt: null };

  it('keeps its final status, whatever comes', () => {
    for (const final of ['succeeded', 'failed', 'rolledBack', 'errored', 'cancelled'] as const) {
      const now = { ...run, status: final, finishedAt: at(2) };
      for (const status of Status.options) {
        expect(nextRun(now, { runId: 'web-1', status, reason: 'late', at: at(9) })).toBeUndefined();
      }
    }
  });

  it('keeps a reason within 2,000 characters and without NUL', () => {
    const reason = `\0${'x'.repeat(5_000)}`;
    const next = nextRun(run, { runId: 'web-1', status: 'failed', reason, at: at(9) });
    expect(next?.reason).toHaveLength(2_000);
    expect(next?.reason).toMatch(/^x+…$/);
  });
});
