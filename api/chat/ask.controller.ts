import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import * as wire from '../client/wire.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { conversationIdOf } from './ask.names.js';
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
    @Body({ schema: wire.Ask }) { question, conv_id: name }: wire.Ask,
    @CurrentUser() user: User,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<wire.Asked> {
    const id = name === undefined ? undefined : conversationIdOf(name, user.login);
    const { meta, conv_id, answer } = await this.asks.ask({ question, conv_id: id }, user);
    reply.header('x-slipway-meta', headerOf({ conversation: conv_id, ...meta }));
    return { conv_id: name ?? conv_id, answer };
  }
}

/** JSON in ASCII, as headers want it. */
function headerOf(meta: Record<string, unknown>): string {
  return JSON.stringify(meta).replaceAll(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
