/** The API as one application: parts in, a Fastify server out. Tests listen on port 0, or inject. */
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { ApprovalsModule } from './approvals/approvals.module.js';
import { ChatModule } from './chat/chat.module.js';
import { ChatOpsModule } from './chatops/chatops.module.js';
import { GenerationModule } from './generation/generation.module.js';
import { HealthModule } from './health/health.module.js';
import { ModelsModule } from './models/models.module.js';
import { OpenAiModule } from './openai/openai.module.js';
import { PipelinesController } from './pipelines/pipelines.controller.js';
import { ScopeGuard } from './platform/auth.js';
import { DEADLINES } from './platform/deadlines.js';
import { serveDocs } from './platform/docs.routes.js';
import { ErrorFilter } from './platform/error.filter.js';
import { PrometheusMetrics } from './platform/metrics.js';
import { measureRequests } from './platform/metrics.requests.js';
import { type Parts, platformOf } from './platform/parts.js';
import { validationPipe } from './platform/requests.js';
import { hardenServer, serverOptions } from './platform/server.js';
import { PrivacyModule } from './privacy/privacy.module.js';
import { ReleasesController } from './releases/releases.controller.js';
import { RunsModule } from './runs/runs.module.js';
import { SecretsModule } from './secrets/secrets.module.js';
import { StagesModule } from './stages/stages.module.js';
import { TicketsModule } from './tickets/tickets.module.js';
import { UsersModule } from './users/users.module.js';

const DELIVERY: DynamicModule = {
  module: class DeliveryModule {},
  imports: [RunsModule, ApprovalsModule, StagesModule, SecretsModule],
  controllers: [PipelinesController, ReleasesController],
};

const CHAT: DynamicModule = {
  module: class ChatRoleModule {},
  imports: [GenerationModule, ChatModule, OpenAiModule, ModelsModule, TicketsModule, PrivacyModule],
};

@Module({
  imports: [UsersModule],
  providers: [{ provide: APP_GUARD, useClass: ScopeGuard }],
})
class ApiModule {}

/**
 * Puts the application together. It serves nothing until `listen` or `init`.
 *
 * @param git the git area: a global module that provides PIPELINE_FILES, and registers its routes.
 * @param deadlines shorter ones for tests.
 */
export async function createApp(
  parts: Parts,
  git: Type | DynamicModule,
  deadlines = DEADLINES,
): Promise<NestFastifyApplication> {
  const errors = new ErrorFilter(parts.log);
  const metrics = metricsOf(parts);
  const app = await NestFactory.create<NestFastifyApplication>(
    {
      module: ApiModule,
      imports: [platformOf(parts), HealthModule.of(parts, metrics), ...rolesOf(parts, git)],
    },
    new FastifyAdapter(serverOptions(parts.config, errors, deadlines)),
    { bodyParser: false, logger: false, abortOnError: false },
  );
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  measureRequests(fastify, metrics);
  hardenServer(app, fastify, deadlines);
  serveDocs(app, fastify);
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(errors);
  return app;
}

/** Where chat counts its answers, requests are counted too. */
function metricsOf({ chat }: Parts): PrometheusMetrics {
  return chat?.metrics instanceof PrometheusMetrics ? chat.metrics : new PrometheusMetrics();
}

function rolesOf({ config, chat }: Parts, git: Type | DynamicModule): (Type | DynamicModule)[] {
  const delivers = config.SLIPWAY_ROLES.includes('delivery');
  return [
    ...(delivers ? [DELIVERY, git] : []),
    ...(chat === undefined ? [] : [CHAT]),
    ...(delivers && chat !== undefined ? [ChatOpsModule] : []),
  ];
}
