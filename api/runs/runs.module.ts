import { Module } from '@nestjs/common';
import { RunCancels } from './cancels.service.js';
import { RepositoriesController } from './repositories.controller.js';
import { RunEvents } from './run-events.js';
import { RunLogs } from './run-logs.js';
import { RunsController } from './runs.controller.js';
import { RunsService } from './runs.service.js';
import { RunStarter } from './starter.service.js';
import { RunStarts } from './starts.service.js';

/** Needs a provider of PIPELINE_FILES: the git area's. */
@Module({
  controllers: [RunsController, RepositoriesController],
  providers: [RunsService, RunStarts, RunCancels, RunLogs, RunEvents, RunStarter],
  exports: [RunStarts, RunEvents, RunStarter],
})
export class RunsModule {}
