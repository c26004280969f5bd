import { Inject, Injectable } from '@nestjs/common';
import type { GateRow, Store } from '../../activities/store/store.ports.js';
import { Refusal, type State } from '../../workflows/approval/approval.messages.js';
import type { Answer } from '../../workflows/domain/gate.js';
import type { Approval, Page } from '../client/wire.js';
import { Audit } from '../platform/audit.js';
import type { User } from '../platform/auth.js';
import { NotFound, Refused } from '../platform/errors.js';
import { given, type Paging } from '../platform/requests.js';
import { STORE } from '../platform/tokens.js';
import { viewGate } from '../platform/views.js';
import {
  WORKFLOWS,
  WorkflowGone,
  WorkflowRefused,
  type Workflows,
} from '../platform/workflows.ports.js';

/** Gates of one run that are looked at to find its open one. */
const MAX_GATES = 200;

/** The problem type of each refusal of the gate's validator, and what to do about it. */
const REFUSALS: Record<string, { code: string; help: string }> = {
  [Refusal.notAnApprover]: {
    code: 'not-an-approver',
    help: 'Ask one of the approvers that the gate names.',
  },
  [Refusal.alreadyAnswered]: {
    code: 'already-answered',
    help: 'Your first answer counts; others may still answer.',
  },
  [Refusal.selfApproval]: {
    code: 'self-approval',
    help: 'Ask somebody else to approve what you triggered; you may reject it.',
  },
  [Refusal.closed]: { code: 'gate-closed', help: 'Look at the run: it has gone on.' },
};

@Injectable()
export class ApprovalsService {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(WORKFLOWS) private readonly workflows: Workflows,
    private readonly audit: Audit,
  ) {}

  async list(
    query: Paging & { state?: 'open' | 'closed' | undefined; runId?: string },
  ): Promise<Page<Approval>> {
    const { items, next } = await this.store.gates.list(given(query));
    return { items: items.map(viewGate), next };
  }

  async ofRun(runId: string): Promise<Page<Approval>> {
    const page = await this.list({ runId, limit: MAX_GATES });
    if (page.items.length === 0) await this.mustExist(runId);
    return page;
  }

  async get(runId: string, step: string): Promise<Approval> {
    const gate = await this.store.gates.get(runId, step);
    if (!gate) throw new NotFound(`run "${runId}" has no gate "${step}", or has not come to it`);
    return viewGate(gate);
  }

  /** The workflow is the judge: we carry the answer to it, and translate its refusal. */
  async answer(runId: string, step: string, answer: Answer, user: User): Promise<State> {
    const command = {
      by: user.login,
      action: `gate.${answer.answer}`,
      subject: `run/${runId}/${step}`,
      detail: { reason: answer.reason ?? null },
    };
    const decision = { ...answer, by: user.login, teams: user.teams };
    return this.audit.during(command, async () => {
      try {
        return await this.workflows.decide(runId, step, decision);
      } catch (cause) {
        if (cause instanceof WorkflowGone) throw await this.tooLate(runId, step, cause);
        if (cause instanceof WorkflowRefused) {
          const { code, help } = REFUSALS[cause.type] ?? { code: 'refused', help: 'See the run.' };
          throw new Refused(code, cause.message, help, { cause });
        }
        throw cause;
      }
    });
  }

  /** Answers the only open gate of a run. */
  async answerOnlyGate(runId: string, answer: Answer, user: User): Promise<State> {
    const { items } = await this.store.gates.list({ runId, limit: MAX_GATES });
    const open = items.filter((gate) => gate.outcome === null);
    const [gate] = open;
    if (open.length > 1) {
      const names = open.map(({ step }) => `"${step}"`).join(', ');
      throw new Refused(
        'several-gates',
        `run "${runId}" waits at several gates: ${names}`,
        `Say which: POST /api/v1/approvals/${runId}/<step>.`,
      );
    }
    if (gate) return this.answer(runId, gate.step, answer, user);
    const [last] = items;
    if (last) throw closed(last);
    await this.mustExist(runId);
    throw new Refused(
      'no-open-gate',
      `run "${runId}" waits at no gate`,
      `See GET /api/v1/runs/${runId} for what it does.`,
    );
  }

  private async tooLate(runId: string, step: string, cause: unknown): Promise<Error> {
    const gate = await this.store.gates.get(runId, step);
    if (gate) return closed(gate, cause);
    await this.mustExist(runId);
    return new NotFound(
      `run "${runId}" has no gate "${step}", or has not come to it`,
      `See GET /api/v1/runs/${runId}/approvals for its gates.`,
    );
  }

  private async mustExist(runId: string): Promise<void> {
    if (!(await this.store.runs.get(runId))) throw new NotFound(`there is no run "${runId}"`);
  }
}

function closed(gate: GateRow, cause?: unknown): Refused {
  const when = gate.closedAt ? ` at ${gate.closedAt.toISOString()}` : '';
  const how = gate.outcome ? `was ${gate.outcome}${when}` : 'is closing';
  const why = gate.reason ? `: ${gate.reason}` : '';
  const { code, help } = { code: 'gate-closed', help: 'Look at the run: it has gone on.' };
  const message = `the gate "${gate.step}" of run "${gate.runId}" ${how}${why}`;
  return new Refused(code, message, help, { cause });
}
