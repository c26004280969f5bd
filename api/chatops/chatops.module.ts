import { Module } from '@nestjs/common';
import { ApprovalsModule } from '../approvals/approvals.module.js';
import { GenerationModule } from '../generation/generation.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { StagesModule } from '../stages/stages.module.js';
import { Acting } from './acting.service.js';
import { Assistant } from './assistant.service.js';
import { ChatOpsController } from './chatops.controller.js';
import { Looking } from './looks.service.js';
import { Proposals } from './proposals.service.js';

/** Needs both roles: it looks at deliveries, and a model answers. */
@Module({
  imports: [RunsModule, StagesModule, ApprovalsModule, GenerationModule],
  controllers: [ChatOpsController],
  providers: [Assistant, Looking, Acting, Proposals],
})
export class ChatOpsModule {}
