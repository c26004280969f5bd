/** What a proposal may do: the same services as REST, as the person who approved it. */
import { Injectable } from '@nestjs/common';
import type { ProposedAction } from '../../workflows/domain/proposal.js';
import { ApprovalsService } from '../approvals/approvals.service.js';
import type { User } from '../platform/auth.js';
import { given } from '../platform/requests.js';
import { RunCancels } from '../runs/cancels.service.js';
import { RunStarts } from '../runs/starts.service.js';
import { StagesService } from '../stages/stages.service.js';

@Injectable()
export class Acting {
  constructor(
    private readonly starts: RunStarts,
    private readonly cancels: RunCancels,
    private readonly approvals: ApprovalsService,
    private readonly stages: StagesService,
  ) {}

  /** @returns what was done, for a person. @throws what the services throw: a refusal. */
  async act(action: ProposedAction, user: User): Promise<string> {
    switch (action.action) {
      case 'start-run': {
        const { repository, ref } = action;
        const run = await this.starts.start({ repository, ...given({ ref }) }, user);
        return `started ${run.id}`;
      }
      case 'cancel-run':
        await this.cancels.cancel(action.run, { reason: action.reason }, user);
        return `cancelled ${action.run}`;
      case 'answer-gate': {
        const { run, step, answer, reason } = action;
        const { state } = await this.approvals.answer(run, step, { answer, reason }, user);
        return `${run} ${step}: ${state}`;
      }
      case 'roll-back': {
        const { repository, stage, reason } = action;
        const run = await this.stages.rollback(repository, stage, { reason }, user);
        return `rolls "${stage}" of "${repository}" back by ${run.id}`;
      }
    }
  }
}
