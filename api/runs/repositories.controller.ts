import { Body, Controller, Get, Inject, Post, Query } from '@nestjs/common';
import type { Config } from '../../activities/platform/config.js';
import type { Store } from '../../activities/store/store.ports.js';
import { CreateRepository, type Page, pageOf, Repository } from '../client/wire.js';
import { Audit } from '../platform/audit.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { Refused } from '../platform/errors.js';
import { given, type Paging, WholePaging } from '../platform/requests.js';
import { CONFIG, STORE } from '../platform/tokens.js';

/** The GitOps repository is ours. */
const RESERVED = 'gitops';

@Controller('api/v1/repositories')
@Needs('read')
export class RepositoriesController {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(CONFIG) private readonly config: Config,
    private readonly audit: Audit,
  ) {}

  @Get()
  @Describe({ summary: 'All repositories', answer: pageOf(Repository) })
  async list(@Query({ schema: WholePaging }) page: Paging): Promise<Page<Repository>> {
    const { items, next } = await this.store.repositories.list(given(page));
    return { items: items.map(({ name, createdAt }) => this.view(name, createdAt)), next };
  }

  @Post()
  @Needs('admin')
  @Describe({
    summary: "Creates an empty repository; an admin's first push does the same",
    status: 201,
    answer: Repository,
    body: { name: 'chat-app' },
    refuses: { 409: 'There is such a repository, or the name is reserved.' },
  })
  async create(
    @Body({ schema: CreateRepository }) { name }: CreateRepository,
    @CurrentUser() user: User,
  ): Promise<Repository> {
    if (name === RESERVED || (await this.store.repositories.exists(name))) {
      const why = name === RESERVED ? 'is reserved' : 'is taken';
      throw new Refused('repository-exists', `the name "${name}" ${why}`, 'Choose another name.');
    }
    const subject = `repository/${name}`;
    await this.audit.during({ by: user.login, action: 'repository.create', subject }, () =>
      this.store.repositories.create(name, user.login),
    );
    return this.view(name, new Date());
  }

  private view(name: string, createdAt: Date): Repository {
    const { SLIPWAY_HOST, SLIPWAY_PORT } = this.config;
    const gitUrl = `http://${SLIPWAY_HOST}:${SLIPWAY_PORT}/git/${name}.git`;
    return { name, createdAt: createdAt.toISOString(), gitUrl };
  }
}
