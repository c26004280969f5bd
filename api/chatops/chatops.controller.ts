import { Body, Controller, Delete, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ApproveProposal, AskAssistant, Assistance, Proposal } from '../client/wire.assistant.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { Assistant } from './assistant.service.js';
import { Proposals } from './proposals.service.js';

const noProposal = { 404: 'There is no such proposal, or it is somebody else’s.' };
const decided = { ...noProposal, 409: 'It was decided before, or has expired.' };

@Controller('api/v1/assistant')
@Needs('chat')
export class ChatOpsController {
  constructor(
    private readonly assistant: Assistant,
    private readonly proposals: Proposals,
  ) {}

  @Post()
  @HttpCode(200)
  @Describe({
    summary: 'Asks about runs, stages, gates and models; what is to be done is only proposed',
    answer: Assistance,
    body: { text: 'Which runs wait for a person?' },
  })
  async ask(
    @Body({ schema: AskAssistant }) { text }: AskAssistant,
    @CurrentUser() user: User,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Assistance> {
    const left = new AbortController();
    reply.raw.once('close', () => left.abort());
    return this.assistant.answer(text, user, left.signal);
  }

  @Get('proposals/:id')
  @Describe({ summary: 'One proposal', answer: Proposal, refuses: noProposal })
  get(@Param('id', { schema: z.uuid() }) id: string, @CurrentUser() user: User): Promise<Proposal> {
    return this.proposals.get(id, user);
  }

  @Post('proposals/:id/approval')
  @HttpCode(200)
  @Describe({
    summary: 'Carries a proposal out, with the rights of whoever approves; once',
    answer: Proposal,
    body: {},
    refuses: decided,
  })
  approve(
    @Param('id', { schema: z.uuid() }) id: string,
    @Body({ schema: ApproveProposal.prefault({}) }) _nothing: ApproveProposal,
    @CurrentUser() user: User,
  ): Promise<Proposal> {
    return this.proposals.approve(id, user);
  }

  @Delete('proposals/:id')
  @Describe({ summary: 'Discards a proposal', answer: Proposal, refuses: decided })
  discard(
    @Param('id', { schema: z.uuid() }) id: string,
    @CurrentUser() user: User,
  ): Promise<Proposal> {
    return this.proposals.discard(id, user);
  }
}
