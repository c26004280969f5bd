/** Plans that the assistant proposed. A person lets one happen, with their own rights, once. */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { SlipwayError } from '../../activities/platform/errors.js';
import type { ProposalRow, Scope, Store } from '../../activities/store/store.ports.js';
import type { ProposedAction } from '../../workflows/domain/proposal.js';
import type { Proposal } from '../client/wire.assistant.js';
import { Audit } from '../platform/audit.js';
import { demand, may, type User } from '../platform/auth.js';
import { NotFound, Refused } from '../platform/errors.js';
import { STORE } from '../platform/tokens.js';
import { Acting } from './acting.service.js';

/** How long a proposal may be approved, seconds. */
const PROPOSAL_SECONDS = 900;

const NEEDS: Record<ProposedAction['action'], Scope> = {
  'start-run': 'run',
  'cancel-run': 'run',
  'answer-gate': 'approve',
  'roll-back': 'approve',
};

@Injectable()
export class Proposals {
  constructor(
    @Inject(STORE) private readonly store: Store,
    private readonly acting: Acting,
    private readonly audit: Audit,
  ) {}

  async add(actions: ProposedAction[], user: User): Promise<Proposal> {
    const proposal = { id: randomUUID(), by: user.login, actions, seconds: PROPOSAL_SECONDS };
    return view(await this.store.proposals.add(proposal));
  }

  /** Of the person for whom it was made, or of any for an admin. @throws {NotFound} */
  async get(id: string, user: User): Promise<Proposal> {
    return view(await this.mustSee(id, user));
  }

  /**
   * Carries the actions out in order, as whoever approves; the first refusal ends it. Safe to repeat:
   * only the first call carries anything out.
   *
   * @throws {NotFound} {Forbidden} where a scope is lacking: then nothing was begun. {Refused} when it
   *   was decided before, or has expired.
   */
  async approve(id: string, user: User): Promise<Proposal> {
    const seen = await this.mustSee(id, user);
    for (const { action } of seen.actions) demand(user, NEEDS[action]);
    const command = { by: user.login, action: 'proposal.approve', subject: `proposal/${id}` };
    return this.audit.during(command, async () => {
      const begun = await this.store.proposals.decide(id, user.login, 'begun');
      if (!begun) throw await this.tooLate(id);
      const results = await this.carryOut(begun.actions, user);
      const state = results.every(({ ok }) => ok) ? 'done' : 'refused';
      return view((await this.store.proposals.end(id, state, results)) ?? begun);
    });
  }

  /** @throws {NotFound} {Refused} */
  async discard(id: string, user: User): Promise<Proposal> {
    await this.mustSee(id, user);
    const discarded = await this.store.proposals.decide(id, user.login, 'discarded');
    if (!discarded) throw await this.tooLate(id);
    return view(discarded);
  }

  private async carryOut(actions: readonly ProposedAction[], user: User) {
    const results: ProposalRow['results'] = [];
    for (const action of actions) {
      try {
        results.push({ ok: true, message: await this.acting.act(action, user) });
      } catch (error) {
        if (!(error instanceof SlipwayError)) throw error;
        results.push({ ok: false, message: error.message });
        break;
      }
    }
    return results;
  }

  private async mustSee(id: string, user: User): Promise<ProposalRow> {
    const row = await this.store.proposals.get(id);
    if (row && (row.by === user.login || may(user, 'admin'))) return row;
    throw new NotFound(`there is no proposal "${id}"`, 'Ask the assistant again.');
  }

  private async tooLate(id: string): Promise<Refused> {
    const state = (await this.store.proposals.get(id))?.state ?? 'gone';
    const message = `the proposal is ${state} already`;
    return new Refused('proposal-decided', message, 'Ask the assistant again for a new one.');
  }
}

function view({ createdAt, expiresAt, decidedAt: _at, ...row }: ProposalRow): Proposal {
  return { ...row, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() };
}
