/** The git area: reads repositories for everybody, and serves them to git clients. */
import {
  Global,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { type Config, folders } from '../../activities/platform/config.js';
import type { Store } from '../../activities/store/store.ports.js';
import { Authenticator } from '../platform/auth.js';
import { LOG, type Log } from '../platform/log.js';
import { CONFIG, STORE } from '../platform/tokens.js';
import { WORKFLOWS, type Workflows } from '../platform/workflows.ports.js';
import { PIPELINE_FILES } from '../runs/repositories.ports.js';
import { RunEvents } from '../runs/run-events.js';
import { RunsModule } from '../runs/runs.module.js';
import { RunStarter } from '../runs/starter.service.js';
import { BareRepositories } from './bare.repositories.js';
import { GitEndpoint } from './git.endpoint.js';
import { setUpGit } from './git.settings.js';
import { createPipelineFiles } from './pipeline-files.adapter.js';
import { PushNarrator } from './push.narrator.js';
import { PushRecovery } from './push.recovery.js';
import { createPushRuns } from './push.runs.js';

const GIT_ENV = Symbol('GitEnvironment');

/** Global, because starting a run by hand reads pipelines too. Needs PlatformModule. */
@Global()
@Module({
  providers: [
    {
      provide: GIT_ENV,
      inject: [CONFIG],
      useFactory: (config: Config) => setUpGit(folders(config.SLIPWAY_HOME).git),
    },
    {
      provide: BareRepositories,
      inject: [CONFIG, GIT_ENV],
      useFactory: (config: Config, env: NodeJS.ProcessEnv) =>
        new BareRepositories(folders(config.SLIPWAY_HOME).git, env),
    },
    { provide: PIPELINE_FILES, inject: [BareRepositories], useFactory: createPipelineFiles },
  ],
  exports: [GIT_ENV, BareRepositories, PIPELINE_FILES],
})
class GitFilesModule {}

/** The endpoint's life: routes before the app listens, recovery as soon as it is whole. */
@Injectable()
class GitServer implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly endpoint: GitEndpoint;
  private readonly recovery: PushRecovery;

  // Nest hands over what the parameters name, so there are as many as there are parts.
  // oxlint-disable-next-line max-params
  constructor(
    @Inject(STORE) store: Store,
    @Inject(WORKFLOWS) workflows: Workflows,
    @Inject(LOG) log: Log,
    @Inject(GIT_ENV) env: NodeJS.ProcessEnv,
    private readonly host: HttpAdapterHost,
    repositories: BareRepositories,
    authenticator: Authenticator,
    starter: RunStarter,
    events: RunEvents,
  ) {
    const runs = createPushRuns(starter);
    const recovery = new PushRecovery({ repositories, store, runs, log });
    const narrator = new PushNarrator({ events, store });
    const platform = { store, workflows, log, env, authenticator };
    this.endpoint = new GitEndpoint({ ...platform, repositories, runs, recovery, narrator });
    this.recovery = recovery;
  }

  onModuleInit(): void {
    this.endpoint.register(this.host.httpAdapter.getInstance<FastifyInstance>());
  }

  onApplicationBootstrap(): void {
    void this.recovery.recoverPushes();
  }

  async onModuleDestroy(): Promise<void> {
    await this.endpoint.stop();
    await this.recovery.stop();
  }
}

@Module({ imports: [GitFilesModule, RunsModule], providers: [GitServer] })
export class GitModule {}
