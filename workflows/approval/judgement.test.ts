import { describe, expect, it } from '@jest/globals';
import type { Decision, GateOutcome } from '../domain/gate.js';
import { question } from '../testing/plans.js';
import { Refusal, type State } from './approval.messages.js';
import { reasonOf, refusalOf, verdictOf } from './judgement.js';

const says = (by: string, answer: Decision['answer'] = 'approve', teams = ['release-team']) => ({
  by,
  answer,
  teams,
});
const refusal = (
  decision: Decision,
  {
    given = [],
    state = 'open',
    ...more
  }: { given?: Decision[]; state?: State['state'] } & Partial<ReturnType<typeof question>> = {},
) => refusalOf(question(more), state, given, decision);

describe('an answer is taken', () => {
  it('from a member of an asked team, and from an asked person', () => {
    expect(refusal(says('ada'))).toBeUndefined();
    expect(refusal(says('ada', 'approve', []), { from: ['ada'] })).toBeUndefined();
  });

  it('from everyone when nobody is named', () => {
    expect(refusal(says('ada', 'approve', []), { from: [] })).toBeUndefined();
  });

  it('from the one who started the run, when it is a no', () => {
    expect(refusal(says('carol', 'reject'))).toBeUndefined();
  });

  it('from the one who started the run, where nobody else could answer', () => {
    expect(refusal(says('carol'), { selfApproval: true })).toBeUndefined();
  });
});

describe('an answer is refused', () => {
  it('from somebody who is not asked, naming who is', () => {
    const refused = refusal(says('eve', 'approve', ['interns']));
    expect(refused?.type).toBe(Refusal.notAnApprover);
    expect(refused?.message).toMatch(/"eve" may not answer .*release-team; ask one of them/);
  });

  it('when the same person answers twice', () => {
    const refused = refusal(says('ada', 'reject'), { given: [says('ada')], required: 2 });
    expect(refused?.type).toBe(Refusal.alreadyAnswered);
    expect(refused?.message).toMatch(/"ada" has approved .* already/);
  });

  it('when somebody approves their own run', () => {
    const refused = refusal(says('carol'));
    expect(refused?.type).toBe(Refusal.selfApproval);
    expect(refused?.message).toMatch(/ask another approver/);
  });

  it.each<GateOutcome>(['approved', 'rejected', 'expired', 'cancelled'])(
    'when the gate is %s: it is too late',
    (state) => {
      const refused = refusal(says('ada'), { state });
      expect(refused?.type).toBe(Refusal.closed);
      expect(refused?.message).toMatch(new RegExp(`is ${state} already; .*slipway show web-42`));
    },
  );
});

describe('answers amount to', () => {
  const two = question({ required: 2 });

  it('nothing yet, while approvals are missing', () => {
    expect(verdictOf(two, [])).toBe('open');
    expect(verdictOf(two, [says('ada')])).toBe('open');
  });

  it('a yes with as many approvals as needed', () => {
    expect(verdictOf(two, [says('ada'), says('bob')])).toBe('approved');
  });

  it('a no with one rejection', () => {
    expect(verdictOf(two, [says('ada'), says('bob', 'reject')])).toBe('rejected');
  });
});

describe('a gate says why it did not approve', () => {
  it('with the words of the one who rejected', () => {
    const no = { ...says('ada', 'reject'), reason: 'too slow' };
    expect(reasonOf(question(), 'rejected', [no])).toBe('ada rejected: too slow');
    expect(reasonOf(question(), 'rejected', [says('ada', 'reject')])).toBe(
      'ada rejected: no reason given',
    );
  });

  it.each([
    [259_200, 'nobody decided within 72h'],
    [90 * 60, 'nobody decided within 90m'],
    [45, 'nobody decided within 45s'],
  ])('with the time that nobody used: %i s', (timeoutSeconds, reason) => {
    expect(reasonOf(question({ timeoutSeconds }), 'expired', [])).toBe(reason);
  });

  it('with how many approvals came', () => {
    expect(reasonOf(question({ required: 2 }), 'expired', [says('ada')])).toBe(
      'only 1 of 2 approvals came within 1h',
    );
  });

  it('not at all when it approved or was cancelled', () => {
    expect(reasonOf(question(), 'approved', [says('ada')])).toBeNull();
    expect(reasonOf(question(), 'cancelled', [])).toBeNull();
  });
});
