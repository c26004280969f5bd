import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { Answer } from '../../workflows/domain/gate.js';
import { RunId, StepName } from '../../workflows/domain/names.js';
import { Approval, GateState, type Page, pageOf } from '../client/wire.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import * as examples from '../platform/examples.js';
import { paging } from '../platform/requests.js';
import { ApprovalsService } from './approvals.service.js';

const GateQuery = z.strictObject({ ...paging, state: z.enum(['open', 'closed']).optional() });
type GateQuery = z.infer<typeof GateQuery>;

const answered = {
  answer: GateState,
  example: { state: 'rejected', approvals: 0, required: 1 },
  body: examples.answer,
};
const refusals =
  'The gate says no: `not-an-approver`, `already-answered`, `self-approval` or `gate-closed`.';

@Controller('api/v1')
@Needs('read')
export class ApprovalsController {
  constructor(private readonly approvals: ApprovalsService) {}

  @Get('approvals')
  @Describe({ summary: 'Gates, newest first', answer: pageOf(Approval) })
  list(@Query({ schema: GateQuery }) query: GateQuery): Promise<Page<Approval>> {
    return this.approvals.list(query);
  }

  @Get('runs/:id/approvals')
  @Describe({
    summary: 'The gates of a run',
    answer: pageOf(Approval),
    refuses: { 404: 'There is no such run.' },
  })
  ofRun(@Param('id', { schema: RunId }) id: string): Promise<Page<Approval>> {
    return this.approvals.ofRun(id);
  }

  @Get('approvals/:runId/:step')
  @Describe({
    summary: 'One gate with its frozen evidence',
    answer: Approval,
    refuses: { 404: 'There is no such gate.' },
  })
  get(
    @Param('runId', { schema: RunId }) runId: string,
    @Param('step', { schema: StepName }) step: string,
  ): Promise<Approval> {
    return this.approvals.get(runId, step);
  }

  @Post('approvals/:runId/:step')
  @HttpCode(200)
  @Needs('approve')
  @Describe({
    summary: 'Answers a gate',
    ...answered,
    refuses: { 404: 'There is no such gate.', 409: refusals },
  })
  answer(
    @Param('runId', { schema: RunId }) runId: string,
    @Param('step', { schema: StepName }) step: string,
    @Body({ schema: Answer }) answer: Answer,
    @CurrentUser() user: User,
  ): Promise<GateState> {
    return this.approvals.answer(runId, step, answer, user);
  }

  @Post('runs/:id/decision')
  @HttpCode(200)
  @Needs('approve')
  @Describe({
    summary: 'Answers the only open gate of a run',
    ...answered,
    refuses: {
      404: 'There is no such run.',
      409: `${refusals} Or \`no-open-gate\`, \`several-gates\`.`,
    },
  })
  decide(
    @Param('id', { schema: RunId }) id: string,
    @Body({ schema: Answer }) answer: Answer,
    @CurrentUser() user: User,
  ): Promise<GateState> {
    return this.approvals.answerOnlyGate(id, answer, user);
  }
}
