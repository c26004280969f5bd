import { describe, expect, it } from '@jest/globals';
import { Answer, Decision, Evidence, GateOutcome } from './gate.js';

describe('an answer', () => {
  it.each(Answer.shape.answer.options)('may be %s, without a reason', (answer) => {
    expect(Answer.parse({ answer })).toEqual({ answer });
  });

  it('keeps a reason without blanks around it', () => {
    expect(Answer.parse({ answer: 'reject', reason: ' too slow ' }).reason).toBe('too slow');
  });

  it.each([
    { answer: 'maybe' },
    { answer: 'reject', reason: '  ' },
    { answer: 'reject', reason: 'x'.repeat(501) },
    // Who answers comes from the session: a body that says so is refused, not believed.
    { answer: 'approve', by: 'ada' },
  ])('is not %j', (answer) => {
    expect(Answer.safeParse(answer).success).toBe(false);
  });
});

describe('a decision', () => {
  it('is an answer and who gave it', () => {
    const decision = { answer: 'approve', by: 'ada', teams: ['release-team'] };
    expect(Decision.parse(decision)).toEqual(decision);
    expect(Decision.safeParse({ answer: 'approve', teams: [] }).success).toBe(false);
  });

  it('ends a gate in one of four ways, silence among them', () => {
    expect(GateOutcome.options).toEqual(['approved', 'rejected', 'expired', 'cancelled']);
  });
});

describe('evidence', () => {
  const commit = 'a'.repeat(40);
  const empty = {
    commit,
    comparedTo: null,
    commits: [],
    change: { files: 0, insertions: 0, deletions: 0, paths: [] },
    steps: [],
    findings: {},
    stages: [],
  };

  it('may be empty: a first commit, nothing deployed', () => {
    expect(Evidence.parse(empty)).toEqual(empty);
  });

  it('is small: 50 commits and 100 paths at most', () => {
    const commits = Array.from({ length: 51 }, () => ({ commit, author: 'ada', subject: 'x' }));
    const paths = Array.from({ length: 101 }, (_, i) => `f${i}`);
    expect(Evidence.safeParse({ ...empty, commits }).success).toBe(false);
    expect(Evidence.safeParse({ ...empty, change: { ...empty.change, paths } }).success).toBe(
      false,
    );
  });
});
