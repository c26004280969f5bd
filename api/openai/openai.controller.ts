import { Body, Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ModelName } from '../../workflows/domain/chat.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { ChatRequest } from './chat.requests.js';
import { described } from './described.js';
import { OpenAiService } from './openai.service.js';
import type { ModelList, ModelShape } from './shapes.js';
import { EmbeddingsRequest, TextRequest } from './text.requests.js';

@Controller('v1')
@Needs('generate')
export class OpenAiController {
  constructor(private readonly openAi: OpenAiService) {}

  @Post('chat/completions')
  @HttpCode(200)
  @Describe(described.chat)
  chat(
    @Body({ schema: ChatRequest }) body: ChatRequest,
    @CurrentUser() user: User,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.openAi.chat(body, user, reply);
  }

  @Post('completions')
  @HttpCode(200)
  @Describe(described.text)
  text(
    @Body({ schema: TextRequest }) body: TextRequest,
    @CurrentUser() user: User,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.openAi.text(body, user, reply);
  }

  @Post('embeddings')
  @HttpCode(200)
  @Describe(described.embed)
  embed(
    @Body({ schema: EmbeddingsRequest }) body: EmbeddingsRequest,
    @CurrentUser() user: User,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.openAi.embed(body, user, reply);
  }

  @Get('models')
  @Describe(described.models)
  models(): ModelList {
    return { object: 'list', data: this.openAi.models() };
  }

  @Get('models/:model')
  @Describe(described.model)
  model(@Param('model', { schema: ModelName }) name: string): ModelShape {
    return this.openAi.model(name);
  }
}
