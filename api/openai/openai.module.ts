import { Module } from '@nestjs/common';
import { GenerationModule } from '../generation/generation.module.js';
import { OpenAiController } from './openai.controller.js';
import { OpenAiService } from './openai.service.js';
import { RequestsController } from './requests.controller.js';

@Module({
  imports: [GenerationModule],
  controllers: [OpenAiController, RequestsController],
  providers: [OpenAiService],
})
export class OpenAiModule {}
