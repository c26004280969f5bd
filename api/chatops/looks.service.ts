/** What the assistant looks at: the same services as REST, with the rights of the person who asks. */
import { Inject, Injectable } from '@nestjs/common';
import { ApprovalsService } from '../approvals/approvals.service.js';
import { MODELS, type Models } from '../chat/model.ports.js';
import { demand, type User } from '../platform/auth.js';
import { RunsService } from '../runs/runs.service.js';
import { StagesService } from '../stages/stages.service.js';
import { LOOK_ITEMS, LOOKS, type LookArguments, type LookName } from './tools.js';

type Looks = { [Name in LookName]: (args: LookArguments<Name>) => Promise<unknown> };

@Injectable()
export class Looking {
  private readonly looks: Looks = {
    list_runs: async (args) => (await this.runs.list({ ...args, limit: LOOK_ITEMS })).items,
    show_run: ({ run }) => this.runs.get(run),
    list_stages: async (args) => (await this.stages.list({ ...args, limit: LOOK_ITEMS })).items,
    list_approvals: async () =>
      (await this.approvals.list({ state: 'open', limit: LOOK_ITEMS })).items,
    list_models: async () => this.models.served(),
  };

  constructor(
    private readonly runs: RunsService,
    private readonly stages: StagesService,
    private readonly approvals: ApprovalsService,
    @Inject(MODELS) private readonly models: Models,
  ) {}

  /**
   * @throws Forbidden where the token lacks the scope, NotFound for what is not there, and ZodError for
   *   arguments that do not fit.
   */
  async look(name: LookName, args: unknown, user: User): Promise<unknown> {
    const { scope, parameters } = LOOKS[name];
    demand(user, scope);
    const look = this.looks[name] as (args: unknown) => Promise<unknown>;
    return look(parameters.parse(args));
  }
}
