import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { ModelsController } from './models.controller.js';
import { ModelsFollower } from './models.follower.js';
import { ModelsService } from './models.service.js';
import { PullsService } from './pulls.service.js';
import { takeBytes } from './upload.body.js';

@Module({
  controllers: [ModelsController],
  providers: [ModelsService, PullsService, ModelsFollower],
})
export class ModelsModule implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    takeBytes(this.host.httpAdapter.getInstance<FastifyInstance>());
  }
}
