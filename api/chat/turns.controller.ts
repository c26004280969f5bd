import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import * as wire from '../client/wire.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { Streams } from '../platform/sse.js';
import { viewTurn } from './chat.views.js';
import { ConversationsService } from './conversations.service.js';
import { idOf } from './ids.js';
import { Turns } from './turns.js';
import { described, EventsQuery, Id, IdempotencyKey, placeOf } from './turns.requests.js';
import { demandStop, mayStop } from './turns.rights.js';
import { type Begun, TurnsService } from './turns.service.js';
import { TurnsStreams } from './turns.streams.js';

@Controller('api/v1/chat/turns')
@Needs('chat')
export class TurnsController {
  // Nest hands over what the parameters name, so there are as many as there are parts.
  // oxlint-disable-next-line max-params
  constructor(
    private readonly conversations: ConversationsService,
    private readonly said: TurnsService,
    private readonly turns: Turns,
    private readonly answers: TurnsStreams,
    private readonly streams: Streams,
  ) {}

  @Get(':id')
  @Describe(described.turn)
  async get(
    @Param('id', { schema: Id }) id: string,
    @CurrentUser() user: User,
  ): Promise<wire.Turn> {
    const { turn } = await this.conversations.turn(id, user);
    return viewTurn(this.turns.reader.whole(turn));
  }

  /**
   * Follows an answer. `Last-Event-ID` goes on after what was sent.
   *
   * @throws {Forbidden} who may not stop the answer cannot do so by leaving either.
   */
  @Get(':id/events')
  @Describe(described.events)
  // Nest hands over what the parameters name, so there are as many as there are parts.
  // oxlint-disable-next-line max-params
  async events(
    @Param('id', { schema: Id }) id: string,
    @Query({ schema: EventsQuery }) { after, cancelOnDisconnect }: EventsQuery,
    @CurrentUser() user: User,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const last = request.headers['last-event-id'];
    const place = placeOf(typeof last === 'string' ? last : undefined, after);
    const seen = await this.conversations.turn(id, user);
    const isCancelling = cancelOnDisconnect === 'true';
    if (isCancelling) demandStop(seen, user);
    const conversationId = seen.conversation.id;
    const reader = { place, isCancelling, mayStop: mayStop(seen, user), conversationId };
    this.streams.send(reply, (signal) => this.answers.follow(id, { ...reader, signal }));
  }

  @Post(':id/edit')
  @HttpCode(202)
  @Describe(described.edit)
  async edit(
    @Param('id', { schema: Id }) id: string,
    @Body({ schema: wire.EditTurn }) body: wire.EditTurn,
    @IdempotencyKey() key: string | undefined,
    @CurrentUser() user: User,
  ): Promise<wire.Said> {
    return view(await this.said.edit(id, { ...chosen(user, id, key), ...body }, user));
  }

  @Post(':id/regenerate')
  @HttpCode(202)
  @Describe(described.regenerate)
  async regenerate(
    @Param('id', { schema: Id }) id: string,
    @Body({ schema: wire.Regenerate }) body: wire.Regenerate,
    @IdempotencyKey() key: string | undefined,
    @CurrentUser() user: User,
  ): Promise<wire.Said> {
    return view(await this.said.regenerate(id, { ...chosen(user, id, key), ...body }, user));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Describe(described.cancel)
  async cancel(
    @Param('id', { schema: Id }) id: string,
    @Body({ schema: wire.CancelTurn }) _nothing: wire.CancelTurn,
    @CurrentUser() user: User,
  ): Promise<wire.Turn> {
    return viewTurn(await this.said.cancel(id, user));
  }

  @Post(':id/feedback')
  @HttpCode(204)
  @Describe(described.feedback)
  feedback(
    @Param('id', { schema: Id }) id: string,
    @Body({ schema: wire.Feedback }) body: wire.Feedback,
    @CurrentUser() user: User,
  ): Promise<void> {
    return this.said.rate(id, body, user);
  }
}

function chosen({ login }: User, id: string, key: string | undefined): { id?: string } {
  return key === undefined ? {} : { id: idOf(login, id, key) };
}

function view({ question, answer }: Begun): wire.Said {
  return { question: question && viewTurn(question), answer: viewTurn(answer) };
}
