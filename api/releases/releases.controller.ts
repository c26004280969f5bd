import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import type { Store } from '../../activities/store/store.ports.js';
import { Digest, RepositoryName } from '../../workflows/domain/names.js';
import { type Page, pageOf, Release } from '../client/wire.js';
import { Needs } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { NotFound } from '../platform/errors.js';
import * as examples from '../platform/examples.js';
import { given, paging } from '../platform/requests.js';
import { STORE } from '../platform/tokens.js';
import { viewRelease } from '../platform/views.js';

const ReleaseQuery = z.strictObject({ ...paging, repository: RepositoryName.optional() });
type ReleaseQuery = z.infer<typeof ReleaseQuery>;

@Controller('api/v1/releases')
@Needs('read')
export class ReleasesController {
  constructor(@Inject(STORE) private readonly store: Store) {}

  @Get()
  @Describe({
    summary: 'Releases, newest first',
    answer: pageOf(Release),
    example: { items: [examples.release], next: null },
  })
  async list(@Query({ schema: ReleaseQuery }) query: ReleaseQuery): Promise<Page<Release>> {
    const { items, next } = await this.store.stages.releases(given(query));
    return { items: items.map(viewRelease), next };
  }

  @Get(':digest')
  @Describe({
    summary: 'One release',
    answer: Release,
    example: examples.release,
    refuses: { 404: 'There is no such release.' },
  })
  async get(@Param('digest', { schema: Digest }) digest: string): Promise<Release> {
    const row = await this.store.stages.release(digest);
    if (!row) throw new NotFound(`there is no release "${digest}"`);
    return viewRelease(row);
  }
}
