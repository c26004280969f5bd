import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
} from '@nestjs/common';
import type { Store } from '../../activities/store/store.ports.js';
import * as wire from '../client/wire.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { given, Paging } from '../platform/requests.js';
import { STORE } from '../platform/tokens.js';
import { viewConversation, viewTurn } from './chat.views.js';
import { ConversationsService } from './conversations.service.js';
import { idOf } from './ids.js';
import { Turns } from './turns.js';
import { described, Id, IdempotencyKey, TurnsQuery } from './turns.requests.js';
import { TurnsService } from './turns.service.js';

@Controller('api/v1/chat/conversations')
@Needs('chat')
export class ConversationsController {
  constructor(
    @Inject(STORE) private readonly store: Store,
    private readonly conversations: ConversationsService,
    private readonly said: TurnsService,
    private readonly turns: Turns,
  ) {}

  @Post()
  @Describe(described.create)
  async create(
    @Body({ schema: wire.CreateConversation }) body: wire.CreateConversation,
    @CurrentUser() user: User,
  ): Promise<wire.Conversation> {
    return viewConversation(await this.conversations.create(body, user));
  }

  @Get()
  @Describe(described.list)
  async list(
    @Query({ schema: Paging }) query: Paging,
    @CurrentUser() user: User,
  ): Promise<wire.Page<wire.Conversation>> {
    const { items, next } = await this.conversations.list(given(query), user);
    return { items: items.map(viewConversation), next };
  }

  @Get(':id')
  @Describe(described.get)
  async get(
    @Param('id', { schema: Id }) id: string,
    @CurrentUser() user: User,
  ): Promise<wire.Conversation> {
    return viewConversation(await this.conversations.get(id, user));
  }

  @Patch(':id')
  @Describe(described.change)
  async change(
    @Param('id', { schema: Id }) id: string,
    @Body({ schema: wire.ChangeConversation }) body: wire.ChangeConversation,
    @CurrentUser() user: User,
  ): Promise<wire.Conversation> {
    return viewConversation(await this.conversations.change(id, body, user));
  }

  @Delete(':id')
  @HttpCode(204)
  @Describe(described.remove)
  remove(@Param('id', { schema: Id }) id: string, @CurrentUser() user: User): Promise<void> {
    return this.conversations.remove(id, user);
  }

  @Get(':id/turns')
  @Describe(described.turns)
  async turnsOf(
    @Param('id', { schema: Id }) id: string,
    @Query({ schema: TurnsQuery }) { after, cursor, limit }: TurnsQuery,
    @CurrentUser() user: User,
  ): Promise<wire.Page<wire.Turn>> {
    await this.conversations.get(id, user);
    const from = cursor ?? after ?? 0;
    const rows = await this.store.chat.turns.changed(id, from, limit);
    const next = rows.length === limit ? String(rows.at(-1)?.position) : null;
    return { items: rows.map((row) => viewTurn(this.turns.reader.whole(row))), next };
  }

  @Post(':id/turns')
  @HttpCode(202)
  @Describe(described.say)
  async say(
    @Param('id', { schema: Id }) id: string,
    @Body({ schema: wire.SayTurn }) body: wire.SayTurn,
    @IdempotencyKey() key: string | undefined,
    @CurrentUser() user: User,
  ): Promise<wire.Said> {
    const chosen = key === undefined ? {} : { id: idOf(user.login, id, key) };
    const { question, answer } = await this.said.say(id, { ...chosen, ...body }, user);
    return { question: question && viewTurn(question), answer: viewTurn(answer) };
  }
}
