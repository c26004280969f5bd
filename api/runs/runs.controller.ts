import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { RunId } from '../../workflows/domain/names.js';
import {
  type CancelledRun,
  CancelRun,
  type Page,
  type Run,
  type RunSummary,
  StartRun,
  type Step,
} from '../client/wire.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { RunCancels } from './cancels.service.js';
import { RunLogs } from './run-logs.js';
import {
  described,
  EventQuery,
  LogQuery,
  RunQuery,
  StepAddress,
  StepLogQuery,
} from './runs.requests.js';
import { RunsService } from './runs.service.js';
import { RunStarts } from './starts.service.js';

@Controller('api/v1/runs')
@Needs('read')
export class RunsController {
  constructor(
    private readonly runs: RunsService,
    private readonly starts: RunStarts,
    private readonly cancels: RunCancels,
    private readonly logs: RunLogs,
  ) {}

  @Get()
  @Describe(described.list)
  list(@Query({ schema: RunQuery }) query: RunQuery): Promise<Page<RunSummary>> {
    return this.runs.list(query);
  }

  @Get(':id')
  @Describe(described.get)
  get(@Param('id', { schema: RunId }) id: string): Promise<Run> {
    return this.runs.get(id);
  }

  @Get(':id/steps')
  @Describe(described.steps)
  async steps(@Param('id', { schema: RunId }) id: string): Promise<Page<Step>> {
    return { items: (await this.runs.get(id)).steps, next: null };
  }

  @Post()
  @Needs('run')
  @Describe(described.start)
  start(@Body({ schema: StartRun }) body: StartRun, @CurrentUser() user: User): Promise<Run> {
    return this.starts.start(body, user);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Needs('run')
  @Describe(described.cancel)
  cancel(
    @Param('id', { schema: RunId }) id: string,
    @Body({ schema: CancelRun.prefault({}) }) body: CancelRun,
    @CurrentUser() user: User,
  ): Promise<CancelledRun> {
    return this.cancels.cancel(id, body, user);
  }

  @Get(':id/events')
  @Describe(described.events)
  events(
    @Param('id', { schema: RunId }) id: string,
    @Query({ schema: EventQuery }) query: EventQuery,
    @Headers('last-event-id') last: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.logs.events({ runId: id, after: query.after, last }, reply);
  }

  @Get(':id/logs')
  @Describe(described.logs)
  readLogs(
    @Param('id', { schema: RunId }) id: string,
    @Query({ schema: LogQuery }) query: LogQuery,
    @Headers() headers: Record<string, string | undefined>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.logs.answer(id, query, headers, reply);
  }

  @Get(':id/steps/:name/logs')
  @Describe(described.stepLogs)
  readStepLogs(
    @Param({ schema: StepAddress }) { id, name }: StepAddress,
    @Query({ schema: StepLogQuery }) query: StepLogQuery,
    @Headers() headers: Record<string, string | undefined>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.logs.answer(id, { ...query, step: name }, headers, reply);
  }
}
