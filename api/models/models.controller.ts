import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Post,
  Put,
  Query,
  Req,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ModelName } from '../../workflows/domain/chat.js';
import { type Page, pageOf } from '../client/wire.js';
import {
  Model,
  Pull,
  Serve,
  Serving,
  Servings,
  Slot,
  StartPull,
  StartUpload,
} from '../client/wire.models.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { Paging } from '../platform/requests.js';
import { ModelsService } from './models.service.js';
import { PullsService } from './pulls.service.js';
import { pieceOf } from './upload.body.js';

const PullId = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits');
const Offset = z.strictObject({ offset: z.coerce.number().int().min(0) });
const OfSlot = z.strictObject({ slot: Slot.default('champion') });

const noModel = { 404: 'There is no such model.' };
const noPull = { 404: 'There is no such pull in this process.' };
const NOT_NOW =
  'Too many pulls are under way, the name is another model’s, or another server makes the answers.';

@Controller('api/v1/models')
@Needs('admin')
export class ModelsController {
  constructor(
    private readonly models: ModelsService,
    private readonly pulls: PullsService,
  ) {}

  @Get()
  @Needs('read')
  @Describe({ summary: 'Model files, by name', answer: pageOf(Model) })
  list(@Query({ schema: Paging }) page: Paging): Promise<Page<Model>> {
    return this.models.list(page);
  }

  @Get('pulls')
  @Needs('read')
  @Describe({ summary: 'Pulls of this process and its folder, newest first', answer: pageOf(Pull) })
  listPulls(): Promise<Page<Pull>> {
    return this.pulls.list();
  }

  @Post('pulls')
  @HttpCode(202)
  @Describe({
    summary: 'Fetches a model file; the same source again goes on where it was cut off',
    status: 202,
    answer: Pull,
    body: { source: 'hf:owner/name:file.gguf' },
    refuses: { 409: NOT_NOW },
  })
  pull(@Body({ schema: StartPull }) wish: StartPull, @CurrentUser() user: User): Promise<Pull> {
    return this.pulls.start(wish, user);
  }

  @Get('pulls/:id')
  @Needs('read')
  @Describe({ summary: 'How far a pull is', answer: Pull, refuses: noPull })
  getPull(@Param('id', { schema: PullId }) id: string): Promise<Pull> {
    return this.pulls.get(id);
  }

  @Delete('pulls/:id')
  @HttpCode(204)
  @Describe({ summary: 'Gives up a pull and drops its bytes', status: 204, refuses: noPull })
  discard(@Param('id', { schema: PullId }) id: string, @CurrentUser() user: User): Promise<void> {
    return this.pulls.discard(id, user);
  }

  @Post('uploads')
  @HttpCode(202)
  @Describe({
    summary:
      'Announces a model file that is sent in pieces; the answer says how many bytes are here',
    status: 202,
    answer: Pull,
    body: { name: 'mine', file: 'mine.gguf', sha256: 'ab'.repeat(32), bytes: 1_000 },
    refuses: { 409: NOT_NOW },
  })
  upload(
    @Body({ schema: StartUpload }) wish: StartUpload,
    @CurrentUser() user: User,
  ): Promise<Pull> {
    return this.pulls.upload(wish, user);
  }

  /** The body is bytes, and is kept while it comes: at most 16 MiB a request. */
  @Put('uploads/:id')
  @Describe({
    summary: 'The next piece of a file, as application/octet-stream, at most 16 MiB',
    answer: Pull,
    refuses: { ...noPull, 409: 'The piece does not begin where the bytes that are here end.' },
  })
  receive(
    @Param('id', { schema: PullId }) id: string,
    @Query({ schema: Offset }) { offset }: z.infer<typeof Offset>,
    @Req() request: FastifyRequest,
  ): Promise<Pull> {
    return this.pulls.receive(id, offset, pieceOf(request));
  }

  @Get('servings')
  @Needs('read')
  @Describe({ summary: 'What is served under which name, and the engines here', answer: Servings })
  servings(): Promise<Servings> {
    return this.models.servings();
  }

  @Post('serve')
  @HttpCode(200)
  @Describe({
    summary: 'Serves a model under a name; requests in flight end with the one before',
    answer: Serving,
    body: { name: 'default', model: 'small.Q4_K_M' },
    refuses: { ...noModel, 409: 'The model, the adapter and the slot do not fit together.' },
  })
  serve(@Body({ schema: Serve }) wish: Serve, @CurrentUser() user: User): Promise<Serving> {
    return this.models.serve(wish, user);
  }

  @Delete('servings/:name')
  @HttpCode(204)
  @Describe({
    summary: 'Stops serving a name, or its challenger',
    status: 204,
    refuses: { 404: 'Nothing is served there.', 409: 'The name has a challenger.' },
  })
  unserve(
    @Param('name', { schema: ModelName }) name: string,
    @Query({ schema: OfSlot }) { slot }: z.infer<typeof OfSlot>,
    @CurrentUser() user: User,
  ): Promise<void> {
    return this.models.unserve(name, slot, user);
  }

  @Get(':name')
  @Needs('read')
  @Describe({ summary: 'One model file', answer: Model, refuses: noModel })
  get(@Param('name', { schema: ModelName }) name: string): Promise<Model> {
    return this.models.get(name);
  }

  @Delete(':name')
  @HttpCode(204)
  @Describe({
    summary: 'Forgets a model file that is not served',
    status: 204,
    refuses: { ...noModel, 409: 'It is served.' },
  })
  remove(
    @Param('name', { schema: ModelName }) name: string,
    @CurrentUser() user: User,
  ): Promise<void> {
    return this.models.remove(name, user);
  }
}
