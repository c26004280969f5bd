/** The rules of a gate: who may answer, and what the answers amount to. Pure. */
import type { Decision, GateOutcome } from '../domain/gate.js';
import { type Input, Refusal, type State } from './approval.messages.js';

export interface Refused {
  type: (typeof Refusal)[keyof typeof Refusal];
  /** Written for the one who answered: why, and what to do next. */
  message: string;
}

/** Why `decision` may not be taken; undefined when it may. */
export function refusalOf(
  input: Input,
  state: State['state'],
  given: readonly Decision[],
  decision: Decision,
): Refused | undefined {
  const { by } = decision;
  const gate = `gate "${input.step}" of run "${input.run.id}"`;
  if (state !== 'open') {
    const message = `${gate} is ${state} already; see how it went on with "slipway show ${input.run.id}"`;
    return { type: Refusal.closed, message };
  }
  if (!mayAnswer(input, decision)) {
    const message = `"${by}" may not answer ${gate}: it asks ${input.from.join(', ')}; ask one of them`;
    return { type: Refusal.notAnApprover, message };
  }
  const before = given.find((other) => other.by === by);
  if (before !== undefined) {
    const said = before.answer === 'approve' ? 'approved' : 'rejected';
    const message =
      `"${by}" has ${said} ${gate} already, and each person answers once; ` +
      `ask somebody else for the next of ${input.required} approvals`;
    return { type: Refusal.alreadyAnswered, message };
  }
  if (decision.answer === 'approve' && by === input.triggeredBy && !input.selfApproval) {
    const message =
      `"${by}" started run "${input.run.id}", and nobody approves their own run; ` +
      'ask another approver (rejecting it is allowed)';
    return { type: Refusal.selfApproval, message };
  }
  return undefined;
}

/** What the answers so far amount to: one rejection ends the gate. */
export function verdictOf(input: Input, given: readonly Decision[]): 'open' | GateOutcome {
  if (given.some(({ answer }) => answer === 'reject')) return 'rejected';
  return given.length >= input.required ? 'approved' : 'open';
}

/** Why the gate did not approve; null when it did, or when nobody needs to know. */
export function reasonOf(
  input: Input,
  outcome: GateOutcome,
  given: readonly Decision[],
): string | null {
  switch (outcome) {
    case 'approved':
    case 'cancelled':
      return null;
    case 'rejected': {
      const no = given.find(({ answer }) => answer === 'reject');
      return `${no?.by} rejected: ${no?.reason ?? 'no reason given'}`;
    }
    case 'expired': {
      const within = `within ${duration(input.timeoutSeconds)}`;
      if (given.length === 0) return `nobody decided ${within}`;
      return `only ${given.length} of ${input.required} approvals came ${within}`;
    }
  }
}

function mayAnswer({ from }: Input, { by, teams }: Decision): boolean {
  return from.length === 0 || from.includes(by) || teams.some((team) => from.includes(team));
}

/** In the largest unit that says it exactly. */
function duration(seconds: number): string {
  if (seconds % 3_600 === 0) return `${seconds / 3_600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
