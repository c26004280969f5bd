import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { RepositoryName, StageName } from '../../workflows/domain/names.js';
import { type Page, pageOf, Rollback, Run, Stage, StageEvent } from '../client/wire.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import * as examples from '../platform/examples.js';
import { Paging, wholePaging } from '../platform/requests.js';
import { StagesService } from './stages.service.js';

const StageQuery = z.strictObject({ ...wholePaging, repository: RepositoryName.optional() });
type StageQuery = z.infer<typeof StageQuery>;
const Address = z.object({ repository: RepositoryName, name: StageName });
type Address = z.infer<typeof Address>;

const noStage = { 404: 'There is no such stage.' };

@Controller('api/v1/stages')
@Needs('read')
export class StagesController {
  constructor(private readonly stages: StagesService) {}

  @Get()
  @Describe({
    summary: 'Stages and what they serve',
    answer: pageOf(Stage),
    example: { items: [examples.stage], next: null },
  })
  list(@Query({ schema: StageQuery }) query: StageQuery): Promise<Page<Stage>> {
    return this.stages.list(query);
  }

  @Get(':repository/:name')
  @Describe({ summary: 'One stage', answer: Stage, example: examples.stage, refuses: noStage })
  get(@Param({ schema: Address }) { repository, name }: Address): Promise<Stage> {
    return this.stages.get(repository, name);
  }

  @Get(':repository/:name/history')
  @Describe({
    summary: 'What a stage was told to serve, newest first',
    answer: pageOf(StageEvent),
    example: { items: [examples.stageEvent], next: null },
    refuses: noStage,
  })
  history(
    @Param({ schema: Address }) { repository, name }: Address,
    @Query({ schema: Paging }) page: Paging,
  ): Promise<Page<StageEvent>> {
    return this.stages.history(repository, name, page);
  }

  /** A rollback passes no gate, so it needs the word of somebody who may open one. */
  @Post(':repository/:name/rollback')
  @Needs('approve')
  @Describe({
    summary: 'Starts a run that deploys an earlier release',
    status: 201,
    answer: Run,
    body: { reason: 'the search page is slow' },
    refuses: { 404: 'There is no such stage or release.', 409: 'There is no earlier release.' },
  })
  rollback(
    @Param({ schema: Address }) { repository, name }: Address,
    @Body({ schema: Rollback.prefault({}) }) body: Rollback,
    @CurrentUser() user: User,
  ): Promise<Run> {
    return this.stages.rollback(repository, name, body, user);
  }
}
