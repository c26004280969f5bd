import { describe, expect, it } from '@jest/globals';
import { advance, IllegalTransition, isFinal, RunRef, Status, Trigger } from './run.js';

/** The arrows as a reader of the design would draw them; everything else is illegal. */
const ends = ['succeeded', 'failed', 'rolledBack', 'errored', 'cancelled', 'superseded'] as const;
const arrows: Record<Status, readonly Status[]> = {
  pending: ['running', 'waiting', ...ends],
  running: ['waiting', ...ends],
  waiting: ['running', ...ends],
  succeeded: [],
  failed: [],
  rolledBack: [],
  errored: [],
  cancelled: [],
  skipped: [],
  superseded: [],
};
const pairs = Status.options.flatMap((from) => Status.options.map((to) => [from, to] as const));
const isLegal = ([from, to]: readonly [Status, Status]): boolean =>
  from === to || arrows[from].includes(to);

describe('the status of a run', () => {
  it.each(pairs.filter(isLegal))('may go from %s to %s', (from, to) => {
    expect(advance(from, to)).toBe(to);
  });

  it.each(pairs.filter((pair) => !isLegal(pair)))('never goes from %s to %s', (from, to) => {
    expect(() => advance(from, to)).toThrow(IllegalTransition);
  });

  it.each(Status.options)('%s is final exactly when nothing comes after it', (status) => {
    expect(isFinal(status)).toBe(arrows[status].length === 0);
  });

  it('says what would have been allowed', () => {
    expect(new IllegalTransition('succeeded', 'running').message).toBe(
      'run cannot go from "succeeded" to "running"; allowed next: none, it is final',
    );
    expect(new IllegalTransition('running', 'pending').message).toBe(
      'run cannot go from "running" to "pending"; allowed next: waiting, succeeded, failed, rolledBack, errored, cancelled, superseded',
    );
  });
});

describe('what names a run', () => {
  const ref = { id: 'web-42', repository: 'web', commit: 'a'.repeat(40), pipeline: 'chat' };

  it('may have no branch, and counts its order from one', () => {
    expect(RunRef.safeParse({ ...ref, branch: null, order: 1 }).success).toBe(true);
    expect(RunRef.safeParse({ ...ref, branch: null, order: 0 }).success).toBe(false);
    expect(RunRef.safeParse({ ...ref, branch: 'x'.repeat(256), order: 1 }).success).toBe(false);
  });

  it.each(Trigger.shape.kind.options)('may be triggered by %s, without inputs', (kind) => {
    expect(Trigger.parse({ kind, by: 'ada' })).toEqual({ kind, by: 'ada', inputs: {} });
  });
});
