import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { SlipwayError } from '../../activities/platform/errors.js';
import type { ServedModel, Wish } from '../../workflows/domain/chat.js';
import { modelMissing } from '../chat/model.missing.js';
import { MODELS, type Models } from '../chat/model.ports.js';
import type { OpenAiError } from '../client/wire.openai.js';
import {
  type Answer,
  type Caller,
  GENERATION,
  type Generation,
} from '../generation/generation.ports.js';
import type { User } from '../platform/auth.js';
import { problemOf } from '../platform/error.filter.js';
import { LOG, type Log } from '../platform/log.js';
import { type About, aboutAnswer, metaOf, sayMeta } from './about.js';
import { chatChunks, chatCompletion } from './chat.answers.js';
import type { ChatRequest } from './chat.requests.js';
import { chatWish } from './chat.wish.js';
import { openAiError } from './errors.js';
import { newAnswerId } from './ids.js';
import type { EmbeddingList, ModelShape } from './shapes.js';
import { sendChunks, untilClosed } from './stream.js';
import { embeddingList, textChunks, textCompletion } from './text.answers.js';
import { type EmbeddingsRequest, promptOf, type TextRequest, textWish } from './text.requests.js';

const OPENAI = 'openai';

/** A client that leaves ends its answer: nobody else could read it. */
@Injectable()
export class OpenAiService {
  private readonly since = Math.floor(Date.now() / 1_000);

  constructor(
    @Inject(GENERATION) private readonly generation: Generation,
    @Inject(MODELS) private readonly provider: Models,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async chat(body: ChatRequest, user: User, reply: FastifyReply): Promise<void> {
    const wish = chatWish(body, newAnswerId('chatcmpl'), user.login);
    const { answer, about } = await this.begin(wish, user, reply);
    if (body.stream === true) {
      const includeUsage = body.stream_options?.include_usage === true;
      await this.stream(reply, chatChunks(about, answer.pieces, includeUsage));
    } else {
      send(reply, await chatCompletion(about, answer.pieces, body.logprobs === true));
    }
  }

  async text(body: TextRequest, user: User, reply: FastifyReply): Promise<void> {
    const wish = textWish(body, newAnswerId('cmpl'));
    const { answer, about } = await this.begin(wish, user, reply);
    const options = {
      hasLogprobs: body.logprobs != null,
      includeUsage: body.stream_options?.include_usage === true,
      echo: body.echo === true ? promptOf(body) : '',
    };
    if (body.stream === true) await this.stream(reply, textChunks(about, answer.pieces, options));
    else send(reply, await textCompletion(about, answer.pieces, options));
  }

  async embed(body: EmbeddingsRequest, user: User, reply: FastifyReply): Promise<void> {
    const { model, input, encoding_format } = body;
    const texts = [input].flat().map((text) => text.toWellFormed());
    const caller = callerOf(user);
    const made = await this.generation.embed({ model, texts }, caller, untilClosed(reply));
    const meta = metaOf(this.served(model));
    sayMeta(reply, meta);
    const format = encoding_format ?? 'float';
    send(reply, embeddingList(made, model, { format, meta }) satisfies EmbeddingList);
  }

  models(): ModelShape[] {
    return this.provider.served().map((model) => this.view(model));
  }

  /** @throws {ModelUnknown} {ModelNotReady} */
  model(name: string): ModelShape {
    const model = this.served(name);
    if (model) return this.view(model);
    throw modelMissing(name, this.provider);
  }

  private async begin(
    wish: Wish,
    user: User,
    reply: FastifyReply,
  ): Promise<{ answer: Answer; about: About }> {
    const answer = await this.generation.begin(wish, callerOf(user), untilClosed(reply));
    const about = aboutAnswer(this.served(wish.model), wish.model, wish.id);
    sayMeta(reply, about.meta);
    return { answer, about };
  }

  private stream(reply: FastifyReply, chunks: AsyncGenerator<object, void, undefined>) {
    return sendChunks(reply, chunks, (thrown) => this.errorOf(thrown, reply));
  }

  private errorOf(thrown: unknown, { request }: FastifyReply): OpenAiError {
    if (thrown instanceof SlipwayError) {
      this.log.warn({ code: thrown.code, detail: thrown.message }, 'a stream broke off');
      return openAiError(problemOf(thrown));
    }
    this.log.error({ err: thrown, request: request.id }, 'a stream found a bug');
    const message = `Slipway made a mistake; its log knows it as request "${request.id}"`;
    return { error: { message, type: 'server_error', param: null, code: 'bug' } };
  }

  private served(name: string): ServedModel | undefined {
    return this.provider.served().find((one) => one.name === name);
  }

  private view(model: ServedModel): ModelShape {
    const meta = metaOf(model);
    return {
      id: model.name,
      object: 'model',
      created: this.since,
      owned_by: 'slipway',
      ...(meta ? { slipway: meta } : {}),
    };
  }
}

/** The deadline may have passed first. */
function send(reply: FastifyReply, body: object): void {
  if (!reply.sent) void reply.send(body);
}

function callerOf({ login, key }: User): Caller {
  return { login, key, via: OPENAI };
}
