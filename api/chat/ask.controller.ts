import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import * as wire from '../client/wire.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { AskService } from './ask.service.js';
import { described } from './turns.requests.js';

@Controller('ask')
@Needs('chat')
export class AskController {
  constructor(private readonly asks: AskService) {}

  /** The body is `{conv_id, answer}` and nothing else; what there is to know beside it is a header. */
  @Post()
  @HttpCode(200)
  @Describe(described.ask)
  async ask(
    @Body({ schema: wire.Ask }) body: wire.Ask,
    @CurrentUser() user: User,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<wire.Asked> {
    const { meta, conv_id, answer } = await this.asks.ask(body, user);
    reply.header('x-slipway-meta', headerOf(meta));
    return { conv_id, answer };
  }
}

/** JSON in ASCII, as headers want it. */
function headerOf(meta: Record<string, unknown>): string {
  return JSON.stringify(meta).replaceAll(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
