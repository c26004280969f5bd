/** What the assistant proposes and a person lets happen: a short plan of things that people may do anyway. */
import { z } from 'zod';
import { plainText, RepositoryName, RunId, StageName, StepName } from './names.js';

const reason = plainText(500).min(1);

export const ProposedAction = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('start-run'),
    repository: RepositoryName,
    ref: plainText(255).min(1).optional(),
  }),
  z.strictObject({ action: z.literal('cancel-run'), run: RunId, reason }),
  z.strictObject({
    action: z.literal('answer-gate'),
    run: RunId,
    step: StepName,
    answer: z.enum(['approve', 'reject']),
    reason,
  }),
  z.strictObject({
    action: z.literal('roll-back'),
    repository: RepositoryName,
    stage: StageName,
    reason,
  }),
]);
export type ProposedAction = z.infer<typeof ProposedAction>;

/** Carried out in this order; the first that is refused ends it. */
export const ProposedPlan = z.strictObject({ actions: z.array(ProposedAction).min(1).max(5) });
export type ProposedPlan = z.infer<typeof ProposedPlan>;

/** `begun`: somebody approved it; it stays so when the process died then, and the audit tells how far it came. */
export const ProposalState = z.enum(['open', 'begun', 'done', 'refused', 'discarded', 'expired']);
export type ProposalState = z.infer<typeof ProposalState>;
