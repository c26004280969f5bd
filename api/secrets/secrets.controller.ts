import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { z } from 'zod';
import { RepositoryName } from '../../workflows/domain/names.js';
import { NewSecret } from '../../workflows/domain/secret.js';
import { type Page, pageOf, RotateSecrets, Rotation, Secret } from '../client/wire.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { given, paging } from '../platform/requests.js';
import { SecretsService } from './secrets.service.js';

const SecretQuery = z.strictObject({ ...paging, repository: RepositoryName.optional() });
type SecretQuery = z.infer<typeof SecretQuery>;

const ELSEWHERE = 'Secrets are kept by another service here.';

@Controller('api/v1/secrets')
@Needs('admin')
export class SecretsController {
  constructor(private readonly secrets: SecretsService) {}

  @Get()
  @Needs('read')
  @Describe({
    summary: 'Secrets by name, without their values; of a repository, or all',
    answer: pageOf(Secret),
    refuses: { 409: ELSEWHERE },
  })
  list(@Query({ schema: SecretQuery }) query: SecretQuery): Promise<Page<Secret>> {
    return this.secrets.list(given(query));
  }

  @Put()
  @Describe({
    summary: 'Sets a secret; the value is never shown again',
    answer: Secret,
    body: { name: 'NPM_TOKEN', value: 'npm_…', repository: 'chat-app', branches: ['main'] },
    refuses: { 409: `There are too many secrets, or: ${ELSEWHERE}` },
  })
  set(@Body({ schema: NewSecret }) secret: NewSecret, @CurrentUser() user: User): Promise<Secret> {
    return this.secrets.set(secret, user);
  }

  @Delete(':id')
  @HttpCode(204)
  @Describe({
    summary: 'Removes a secret at once: steps that start from now on do not get it',
    status: 204,
    refuses: { 404: 'There is no such secret.', 409: ELSEWHERE },
  })
  remove(@Param('id', { schema: z.uuid() }) id: string, @CurrentUser() user: User): Promise<void> {
    return this.secrets.remove(id, user);
  }

  @Post('rotation')
  @HttpCode(200)
  @Describe({
    summary: 'Wraps every secret with a new master key; goes on with a rotation that was cut off',
    answer: Rotation,
    body: {},
    refuses: { 409: ELSEWHERE },
  })
  rotate(
    @Body({ schema: RotateSecrets }) _nothing: RotateSecrets,
    @CurrentUser() user: User,
  ): Promise<Rotation> {
    return this.secrets.rotate(user);
  }
}
