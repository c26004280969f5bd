import { Body, Controller, Get, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Login } from '../../workflows/domain/names.js';
import { TicketChannel, TicketId, TicketStatus } from '../../workflows/domain/ticket.js';
import { type Page, pageOf } from '../client/wire.js';
import {
  ChangeTicketStatus,
  ImportedTicket,
  ImportTicket,
  OpenTicket,
  Ticket,
  TicketExists,
  TicketsHealth,
} from '../client/wire.tickets.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { given, paging } from '../platform/requests.js';
import { TicketsService } from './tickets.service.js';

/** A cursor holds a place in each of several partitions. Characters. */
const MAX_CURSOR_CHARS = 1_000;

const TicketQuery = z.strictObject({
  limit: paging.limit,
  cursor: z.string().max(MAX_CURSOR_CHARS).optional(),
  status: TicketStatus.optional(),
  channel: TicketChannel.optional(),
  createdBy: Login.optional(),
  from: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
});
type TicketQuery = z.infer<typeof TicketQuery>;

const id = { schema: TicketId };
const WHOSE = 'your own; with an admin’s token everybody’s';
const NONE = 'There is no such ticket, or it is somebody else’s.';

/** What stands where an id should leads elsewhere, like `..`. */
const NO_ADDRESS = 'The address names no ticket.';

@Controller('api/v1/tickets')
@Needs('chat')
export class TicketsController {
  constructor(private readonly tickets: TicketsService) {}

  @Post()
  @Describe({
    summary:
      'Opens a ticket, also out of a conversation; repeating it with an id opens no second one',
    status: 201,
    answer: Ticket,
    body: { subject: 'The search page is slow', body: 'Since yesterday.', channel: 'web' },
    refuses: {
      404: 'There is no such conversation of yours.',
      409: 'There is another ticket with that id.',
    },
  })
  open(@Body({ schema: OpenTicket }) body: OpenTicket, @CurrentUser() user: User): Promise<Ticket> {
    return this.tickets.open(body, user);
  }

  @Get()
  @Describe({ summary: `Tickets, newest first: ${WHOSE}`, answer: pageOf(Ticket) })
  list(
    @Query({ schema: TicketQuery }) query: TicketQuery,
    @CurrentUser() user: User,
  ): Promise<Page<Ticket>> {
    return this.tickets.list(given(query), user);
  }

  @Get('health')
  @Describe({
    summary: 'Whether the storage of tickets can be used',
    answer: TicketsHealth,
    degraded: 'It cannot; `message` says why, and what to do.',
  })
  async health(@Res({ passthrough: true }) reply: FastifyReply): Promise<TicketsHealth> {
    const health = await this.tickets.health();
    reply.code(health.status === 'healthy' ? 200 : 503);
    return health;
  }

  @Get(':id')
  @Describe({ summary: `One ticket: ${WHOSE}`, answer: Ticket, refuses: { 404: NONE } })
  get(@Param('id', id) ticket: string, @CurrentUser() user: User): Promise<Ticket> {
    return this.tickets.get(ticket, user);
  }

  @Get(':id/exists')
  @Describe({
    summary: `Whether there is such a ticket: ${WHOSE}`,
    answer: TicketExists,
    refuses: { 404: NO_ADDRESS },
  })
  exists(@Param('id', id) ticket: string, @CurrentUser() user: User): Promise<TicketExists> {
    return this.tickets.exists(ticket, user);
  }

  @Patch(':id/status')
  @Describe({
    summary: `Changes the status of a ticket: ${WHOSE}`,
    answer: Ticket,
    body: { status: 'resolved' },
    refuses: { 404: NONE },
  })
  setStatus(
    @Param('id', id) ticket: string,
    @Body({ schema: ChangeTicketStatus }) { status }: ChangeTicketStatus,
    @CurrentUser() user: User,
  ): Promise<Ticket> {
    return this.tickets.setStatus(ticket, status, user);
  }

  @Put(':id')
  @Needs('admin')
  @Describe({
    summary: 'Imports a ticket as it was elsewhere; repeating it changes nothing',
    answer: ImportedTicket,
    body: {
      ...{ status: 'open', channel: 'email', subject: 'Broken link', body: '', createdBy: 'ada' },
      ...{ createdAt: '2025-11-20T09:30:00.000Z', updatedAt: '2025-11-21T10:00:00.000Z' },
    },
    refuses: { 404: NO_ADDRESS, 409: 'There is another ticket with that id.' },
  })
  import(
    @Param('id', id) ticket: string,
    @Body({ schema: ImportTicket }) body: ImportTicket,
    @CurrentUser() user: User,
  ): Promise<ImportedTicket> {
    return this.tickets.import(ticket, body, user);
  }
}
