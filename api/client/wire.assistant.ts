/** The shapes of the assistant: what it was asked, what it looked at, what it proposes. */
import { z } from 'zod';
import { plainText } from '../../workflows/domain/names.js';
import { ProposalState, ProposedAction } from '../../workflows/domain/proposal.js';

const time = z.iso.datetime();

/** `POST /api/v1/assistant`. */
export const AskAssistant = z.strictObject({ text: plainText(4_000).trim().min(1) });
export type AskAssistant = z.infer<typeof AskAssistant>;

/** `POST /api/v1/assistant/proposals/:id/approval`. */
export const ApproveProposal = z.strictObject({});
export type ApproveProposal = z.infer<typeof ApproveProposal>;

export const Proposal = z.object({
  id: z.string(),
  /** For whom it was proposed. */
  by: z.string(),
  actions: z.array(ProposedAction),
  state: ProposalState,
  /** Of the actions that were carried out, in order; the last may be a refusal. */
  results: z.array(z.object({ ok: z.boolean(), message: z.string() })),
  decidedBy: z.string().nullable(),
  createdAt: time,
  expiresAt: time,
});
export type Proposal = z.infer<typeof Proposal>;

export const Assistance = z.object({
  answer: z.string(),
  /** What it looked at, with the caller's rights; null when it looked at nothing. */
  looked: z
    .object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()), data: z.unknown() })
    .nullable(),
  proposal: Proposal.nullable(),
  model: z.object({ name: z.string(), isToy: z.boolean() }),
});
export type Assistance = z.infer<typeof Assistance>;
