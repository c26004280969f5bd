import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { TokensService } from './tokens.service.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';

@Module({
  controllers: [UsersController, AuditController],
  providers: [UsersService, TokensService],
})
export class UsersModule {}
