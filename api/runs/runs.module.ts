import { Module } from '@nestjs/common';
import type { Store } from '../../activities/store/store.ports.js';
import { STORE } from '../platform/tokens.js';
import { RunCancels } from './cancels.service.js';
import { RepositoriesController } from './repositories.controller.js';
import { RunEvents } from './run-events.js';
import { RunLogs } from './run-logs.js';
import { RunQueue } from './run-queue.js';
import { RunsController } from './runs.controller.js';
import { RunsService } from './runs.service.js';
import { RunStarter } from './starter.service.js';
import { RunStarts } from './starts.service.js';

/** Needs a provider of PIPELINE_FILES: the git area's. */
@Module({
  controllers: [RunsController, RepositoriesController],
  providers: [
    RunsService,
    RunStarts,
    RunCancels,
    RunLogs,
    RunEvents,
    RunStarter,
    { provide: RunQueue, inject: [STORE], useFactory: (store: Store) => new RunQueue(store) },
  ],
  exports: [RunsService, RunStarts, RunCancels, RunEvents, RunStarter],
})
export class RunsModule {}
