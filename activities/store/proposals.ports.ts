/** Proposals of the assistant. Every method throws `StoreUnavailable` when PostgreSQL cannot be reached. */
import type { ProposalState, ProposedAction } from '../../workflows/domain/proposal.js';

export interface ProposalRow {
  id: string;
  by: string;
  actions: ProposedAction[];
  state: ProposalState;
  /** Of the actions that were carried out, in order; the last may be a refusal. */
  results: { ok: boolean; message: string }[];
  decidedBy: string | null;
  createdAt: Date;
  expiresAt: Date;
  decidedAt: Date | null;
}

export interface ProposalsStore {
  /** Repeatable with the same id. */
  add(proposal: {
    id: string;
    by: string;
    actions: ProposedAction[];
    /** Until it expires. */
    seconds: number;
  }): Promise<ProposalRow>;
  get(id: string): Promise<ProposalRow | undefined>;
  /** Undefined when it was decided before, or has expired: only one caller ever gets it. */
  decide(id: string, by: string, state: 'begun' | 'discarded'): Promise<ProposalRow | undefined>;
  end(
    id: string,
    state: 'done' | 'refused',
    results: ProposalRow['results'],
  ): Promise<ProposalRow | undefined>;
}
