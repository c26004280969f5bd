/** Everything the outside may tell a gate, or ask it. The API imports only this file. */
import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { Decision, Evidence, GateOutcome } from '../domain/gate.js';
import type { RunRef } from '../domain/run.js';

export interface Input {
  run: RunRef;
  step: string;
  stage: string | null;
  /** Logins and teams that may answer; empty means everyone with the scope `approve`. */
  from: string[];
  /** Approvals needed, 1 to 20. One rejection ends the gate. */
  required: number;
  timeoutSeconds: number;
  /** Who triggered the run: may reject, but not approve, unless `selfApproval`. */
  triggeredBy: string;
  /** True where nobody else could answer: a gate that nobody can pass helps no one. */
  selfApproval: boolean;
  evidence: Evidence;
}

export interface Outcome {
  outcome: GateOutcome;
  /** "ada rejected: too slow", "nobody decided within 72h"; null when approved or cancelled. */
  reason: string | null;
  decisions: Decision[];
}

export interface State {
  /** `open`, or how it ended. */
  state: 'open' | GateOutcome;
  approvals: number;
  required: number;
}

/** Types of ApplicationFailure with which the validator refuses an answer. None changes the gate. */
export const Refusal = {
  notAnApprover: 'NotAnApprover',
  alreadyAnswered: 'AlreadyAnswered',
  selfApproval: 'SelfApproval',
  closed: 'GateClosed',
} as const;

/** Answers the gate. Refused (see Refusal) without a trace in history. Returns the state after it. */
export const decide = defineUpdate<State, [Decision]>('decide');
export const state = defineQuery<State>('state');

/** The workflow id of a gate: one per approve step of a run. */
export function approvalId(runId: string, step: string): string {
  return `approval:${runId}:${step}`;
}
