import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { Store } from '../../activities/store/store.ports.js';
import { AuditEntry, type Page, pageOf } from '../client/wire.js';
import { Needs } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { given, Paging } from '../platform/requests.js';
import { STORE } from '../platform/tokens.js';

@Controller('api/v1/audit')
@Needs('admin')
export class AuditController {
  constructor(@Inject(STORE) private readonly store: Store) {}

  @Get()
  @Describe({ summary: 'Every command and decision, newest first', answer: pageOf(AuditEntry) })
  async list(@Query({ schema: Paging }) page: Paging): Promise<Page<AuditEntry>> {
    const { items, next } = await this.store.audit.list(given(page));
    return { items: items.map((entry) => ({ ...entry, at: entry.at.toISOString() })), next };
  }
}
