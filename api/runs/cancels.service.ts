import { Inject, Injectable } from '@nestjs/common';
import { isFinal } from '../../workflows/domain/run.js';
import type { CancelledRun, CancelRun } from '../client/wire.js';
import { Audit } from '../platform/audit.js';
import type { User } from '../platform/auth.js';
import { Refused } from '../platform/errors.js';
import {
  WORKFLOWS,
  WorkflowGone,
  WorkflowRefused,
  type Workflows,
} from '../platform/workflows.ports.js';
import { RunsService } from './runs.service.js';

@Injectable()
export class RunCancels {
  constructor(
    @Inject(WORKFLOWS) private readonly workflows: Workflows,
    private readonly runs: RunsService,
    private readonly audit: Audit,
  ) {}

  async cancel(id: string, { reason }: CancelRun, user: User): Promise<CancelledRun> {
    const cancel = { by: user.login, reason: reason ?? 'no reason given' };
    const command = { by: user.login, action: 'run.cancel', subject: `run/${id}`, detail: cancel };
    return this.audit.during(command, async () => {
      try {
        return await this.workflows.cancelRun(id, cancel);
      } catch (cause) {
        if (cause instanceof WorkflowGone) throw await this.ended(id, cause);
        if (!(cause instanceof WorkflowRefused)) throw cause;
        throw new Refused('not-cancellable', cause.message, `See GET /api/v1/runs/${id}.`, {
          cause,
        });
      }
    });
  }

  /** @throws {NotFound} */
  private async ended(id: string, cause: unknown): Promise<Refused> {
    const { status } = await this.runs.get(id);
    const how = isFinal(status) ? `it is ${status}` : 'its workflow is gone';
    const message = `run "${id}" has ended: ${how}`;
    return new Refused('run-ended', message, 'There is nothing to stop.', { cause });
  }
}
