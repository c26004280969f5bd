import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { plainText } from '../../workflows/domain/names.js';
import type { CancelledRequest, RequestsInFlight } from '../client/wire.openai.js';
import { GENERATION, type Generation } from '../generation/generation.ports.js';
import { CurrentUser, may, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { NotFound } from '../platform/errors.js';
import { described } from './described.js';

const RequestId = plainText(100).min(1);

/** Of every door, not only of /v1: what is in flight in this process, and the way to end it. */
@Controller('v1/requests')
@Needs('chat')
export class RequestsController {
  constructor(@Inject(GENERATION) private readonly generation: Generation) {}

  @Get()
  @Describe(described.requests)
  list(@CurrentUser() user: User): RequestsInFlight {
    return { object: 'list', data: this.generation.inFlight(ownOnly(user)) };
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Describe(described.cancel)
  cancel(
    @Param('id', { schema: RequestId }) id: string,
    @CurrentUser() user: User,
  ): CancelledRequest {
    if (this.generation.cancel(id, ownOnly(user))) return { id, cancelled: true };
    throw new NotFound(
      `no request "${id}" is in flight here`,
      'It may have ended, or another process makes it; GET /v1/requests shows what there is.',
    );
  }
}

/** An admin may look at everybody's. */
function ownOnly(user: User): string | undefined {
  return may(user, 'admin') ? undefined : user.login;
}
