import { describe, expect, it } from '@jest/globals';
import type { Status } from '../domain/run.js';
import { step } from '../testing/plans.js';
import { type Ending, outcomeOf } from './outcome.js';

/** A run whose steps ended so, in the order of the plan. */
function ending(states: [Status, string?][], more: Partial<Ending> = {}): Ending {
  const steps = states.map((_, index) => step(`s${index}`));
  return {
    steps,
    stateOf: (name) => {
      const [status, reason] = states[Number(name.slice(1))] ?? ['pending'];
      return reason === undefined ? { status } : { status, reason };
    },
    cancelled: undefined,
    wasPutBack: false,
    notPutBack: [],
    ...more,
  };
}
const ada = { by: 'ada', reason: 'wrong branch' };

describe('a run ends as', () => {
  it('succeeded when nobody said no', () => {
    expect(outcomeOf(ending([['succeeded'], ['skipped']]))).toEqual({ status: 'succeeded' });
  });

  it('failed with the words of the first step that said no', () => {
    const states: [Status, string?][] = [
      ['failed', 'exit code 1'],
      ['failed', 'later'],
      ['skipped'],
    ];
    expect(outcomeOf(ending(states))).toEqual({ status: 'failed', reason: 's0: exit code 1' });
  });

  it('rolled back with the reason of the no, when a stage was put back', () => {
    const states: [Status, string?][] = [
      ['rolledBack', 'put back because s1: x'],
      ['failed', 'x'],
    ];
    expect(outcomeOf(ending(states, { wasPutBack: true }))).toEqual({
      status: 'rolledBack',
      reason: 's1: x',
    });
  });

  it('rolled back with the deploy’s own reason, when the deploy itself said no', () => {
    const states: [Status, string?][] = [['rolledBack', 'never healthy']];
    expect(outcomeOf(ending(states, { wasPutBack: true }))).toEqual({
      status: 'rolledBack',
      reason: 's0: never healthy',
    });
  });

  it('rolled back by the deploy that said no, not by those that came back because of it', () => {
    const states: [Status, string?][] = [
      ['rolledBack', 'put back because s1: degraded'],
      ['rolledBack', 'degraded'],
    ];
    expect(outcomeOf(ending(states, { wasPutBack: true })).reason).toBe('s1: degraded');
  });

  it('failed when another release served the stage already', () => {
    const states: [Status, string?][] = [
      ['rolledBack', 'put back'],
      ['failed', 'rejected'],
    ];
    expect(outcomeOf(ending(states))).toEqual({ status: 'failed', reason: 's1: rejected' });
  });

  it('superseded when a newer release was there, although a stage was put back', () => {
    const states: [Status, string?][] = [
      ['superseded', 'run 7 is there'],
      ['failed', 'x'],
    ];
    expect(outcomeOf(ending(states, { wasPutBack: true }))).toEqual({
      status: 'superseded',
      reason: 's0: run 7 is there',
    });
  });

  it('errored when a step could not find out, whatever else happened', () => {
    const states: [Status, string?][] = [
      ['failed', 'x'],
      ['superseded', 'y'],
      ['errored', 'no disk'],
    ];
    expect(outcomeOf(ending(states, { wasPutBack: true }))).toEqual({
      status: 'errored',
      reason: 's2: no disk',
    });
  });

  it('errored when a stage could not be put back, and says so', () => {
    const notPutBack = ['stage "staging" could not be put back: read-only'];
    expect(outcomeOf(ending([['succeeded'], ['failed', 'x']], { notPutBack }))).toEqual({
      status: 'errored',
      reason: 's1: x; stage "staging" could not be put back: read-only',
    });
  });

  it('cancelled when a person cancelled it, and says what could not be put back', () => {
    const end = ending([['errored', 'x']], { cancelled: ada, notPutBack: ['y'] });
    expect(outcomeOf(end)).toEqual({
      status: 'cancelled',
      reason: 'ada cancelled: wrong branch; y',
    });
  });

  it('cancelled when a gate was ended from outside', () => {
    expect(outcomeOf(ending([['cancelled', 'ended']]))).toEqual({
      status: 'cancelled',
      reason: 's0: ended',
    });
  });

  it.each<Status>(['failed', 'errored', 'superseded'])(
    'succeeded when a step under continueOnError is %s',
    (status) => {
      const end = ending([[status, 'x']]);
      const steps = [step('s0', { continueOnError: true })];
      expect(outcomeOf({ ...end, steps })).toEqual({ status: 'succeeded' });
    },
  );
});
