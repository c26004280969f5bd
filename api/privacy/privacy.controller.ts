import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Login } from '../../workflows/domain/names.js';
import { type Page, pageOf } from '../client/wire.js';
import { Erase, ErasureReport } from '../client/wire.privacy.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { given, paging } from '../platform/requests.js';
import { ErasureService } from './erasure.service.js';
import { ExportService } from './export.service.js';

const ExportQuery = z.strictObject({ login: Login.optional() });
type ExportQuery = z.infer<typeof ExportQuery>;
const ReportQuery = z.strictObject({ ...paging, login: Login.optional() });
type ReportQuery = z.infer<typeof ReportQuery>;

@Controller('api/v1/privacy')
@Needs('chat')
export class PrivacyController {
  constructor(
    private readonly exports: ExportService,
    private readonly erasures: ErasureService,
  ) {}

  @Get('export')
  @Describe({
    summary: 'Everything that is kept of you; an admin may name another login',
    also: {
      'application/x-ndjson':
        'One `{"kind", "item"}` a line: user, token, conversation, turn, feedback, ticket, usage; ' +
        'the last one is `end` with their number. Without it the export was cut off.',
    },
  })
  export(
    @Query({ schema: ExportQuery }) { login }: ExportQuery,
    @CurrentUser() user: User,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.exports.send(login, user, reply);
  }

  @Post('erasure')
  @HttpCode(200)
  @Describe({
    summary: 'Erases everything that you said, for good; an admin may name another login',
    answer: ErasureReport,
    body: { login: 'ada', confirm: 'ada' },
    refuses: { 404: 'That login stands for everybody who was erased.' },
  })
  erase(@Body({ schema: Erase }) body: Erase, @CurrentUser() user: User): Promise<ErasureReport> {
    return this.erasures.erase(body, user);
  }

  @Get('erasures')
  @Describe({
    summary: 'Reports of erasures, newest first: your own; with an admin’s token everybody’s',
    answer: pageOf(ErasureReport),
  })
  list(
    @Query({ schema: ReportQuery }) query: ReportQuery,
    @CurrentUser() user: User,
  ): Promise<Page<ErasureReport>> {
    return this.erasures.reports(given(query), user);
  }
}
