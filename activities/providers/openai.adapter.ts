/**
 * Language models behind another server that speaks OpenAI's API: vLLM, Ollama, Azure AI, Azure OpenAI.
 * Meets `Models` of api/chat/model.ports.ts. Tokens are estimated until the server says how many there were.
 */
import type { z } from 'zod';
import type { MadeBy, Piece, ServedModel, Wish } from '../../workflows/domain/chat.js';
import type { EngineState, ModelLoad } from '../../workflows/domain/engine.js';
import { wordsOf } from '../platform/errors.js';
import { EngineLost, ModelUnknown } from '../platform/model-errors.js';
import { MayPass, type ServiceLimits } from '../platform/resilience.js';
import { promptTokens, tokensOf } from './estimate.js';
import { AnswerReader } from './openai.answer.js';
import { bodyOf, type LimitField } from './openai.body.js';
import { type Events, eventsOf } from './openai.events.js';
import { FieldRefused, NotOffered, OpenAiServer, type Server } from './openai.http.js';
import { type Chunk, Embeddings, ModelList, parsed } from './openai.wire.js';
import { Pace } from './pace.js';

export interface RemoteOptions extends Server {
  /** Those that are offered, the default first. None: all that the server has. */
  models: readonly string[];
  /** Where the server does not say it. */
  contextTokens: number;
  slots: number;
  limits?: Partial<ServiceLimits & { idleMs: number }>;
}

/** Between two events of an answer. Milliseconds. */
const IDLE_MS = 60_000;
const MAX_MODELS = 200;
const CLOSE_MS = 20_000;

export class RemoteModels {
  private readonly server: OpenAiServer;
  private readonly paces = new Map<string, Pace>();
  private readonly busy = new Map<string, number>();
  private readonly limitFields = new Map<string, LimitField>();
  private readonly ending = new AbortController();
  private offered: { name: string; contextTokens: number }[];
  private trouble: string | undefined;
  private isKnown = false;
  private readonly look = Promise.withResolvers<void>();

  constructor(private readonly options: RemoteOptions) {
    this.server = new OpenAiServer(options, options.limits);
    this.offered = options.models.map((name) => ({ name, contextTokens: options.contextTokens }));
    if (this.offered.length > 0) this.look.resolve();
  }

  served(): ServedModel[] {
    const state = this.isKnown ? ('ready' as const) : ('loading' as const);
    const provider = this.server.name;
    return this.offered.map(({ name, contextTokens }) => ({
      ...{ name, digest: digestOf(name), adapter: null, contextTokens, isToy: false, provider },
      state: this.trouble === undefined ? state : 'failed',
      ...(this.trouble === undefined ? {} : { reason: this.trouble }),
    }));
  }

  looked(): Promise<void> {
    return this.look.promise;
  }

  async *generate(wish: Wish, signal: AbortSignal): AsyncGenerator<Piece> {
    this.demand(wish.model);
    const ends = AbortSignal.any([signal, this.ending.signal]);
    const answer = new AnswerReader(promptTokens(wish));
    const { promptTokens: estimated } = answer.usage;
    const began = performance.now();
    let events: Events | undefined;
    this.note(wish.model, 1);
    try {
      const { first, rest } = await this.begin(wish, ends);
      events = rest;
      const firstMs = performance.now() - began;
      const by = madeBy(wish.model);
      yield { kind: 'started', promptTokens: estimated, cachedTokens: 0, by };
      for (
        let chunk: Chunk | undefined = first;
        chunk !== undefined;
        chunk = await this.next(events, answer, ends)
      ) {
        yield* answer.take(chunk);
      }
      this.paceOf(wish.model).note(answer.usage, firstMs, performance.now() - began);
      yield* answer.end(false);
    } catch (error) {
      if (!ends.aborted) throw error;
      yield* answer.end(true);
    } finally {
      this.note(wish.model, -1);
      await events?.close();
    }
  }

  async embed({ model, texts }: { model: string; texts: string[] }, signal: AbortSignal) {
    this.demand(model);
    const body = { model, input: texts, encoding_format: 'float' };
    const { data, usage } = await this.server.ask(
      { path: '/embeddings', model, body },
      (response) => parsed(Embeddings, response),
      signal,
    );
    const ordered = data.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0));
    const counted = texts.reduce((sum, text) => sum + tokensOf(text), 0);
    return {
      vectors: ordered.map(({ embedding }) => embedding),
      promptTokens: usage?.prompt_tokens ?? counted,
    };
  }

  /** An estimate: the server counts when it answers. */
  async count(wish: Pick<Wish, 'model' | 'prompt' | 'tools'>): Promise<number> {
    this.demand(wish.model);
    return promptTokens(wish);
  }

  load(model: string): ModelLoad {
    this.demand(model);
    const { prefillPerSecond, decodePerSecond, answerTokens } = this.paceOf(model);
    const busy = this.busy.get(model) ?? 0;
    const pace = { prefillPerSecond, decodePerSecond, answerTokens };
    return { slots: this.options.slots, busy, prefillTokens: 0, ...pace };
  }

  engines(): EngineState[] {
    const isOpen = this.server.state === 'open';
    const words = isOpen
      ? 'it failed several times in a row, and is not asked for a while'
      : this.trouble;
    const none = { memoryBytes: undefined, gpuMemoryBytes: undefined, heartbeatMs: undefined };
    return [
      {
        model: this.offered[0]?.name ?? this.server.name,
        serves: this.offered.map(({ name }) => ({ model: name, ...madeBy(name) })),
        breaker: this.server.state,
        state: words === undefined ? (this.isKnown ? 'ready' : 'starting') : 'failed',
        device: 'remote',
        isFallback: false,
        restarts: 0,
        ...none,
        ...(words === undefined ? {} : { reason: words }),
      },
    ];
  }

  /** Asks the server what it has. @throws when it does not say so. */
  async follow(): Promise<void> {
    try {
      const data = await this.list();
      const context = (name: string) =>
        data.find(({ id }) => id === name)?.max_model_len ?? this.options.contextTokens;
      const all = data.map(({ id }) => id).slice(0, MAX_MODELS);
      const names = this.options.models.length > 0 ? this.options.models : all;
      this.offered = names.map((name) => ({ name, contextTokens: context(name) }));
      this.isKnown = true;
      this.trouble = undefined;
    } catch (error) {
      this.trouble = wordsOf(error);
      throw error;
    } finally {
      this.look.resolve();
    }
  }

  /** None where the server has no such list, and we know by name what we want of it. */
  private async list(): Promise<z.infer<typeof ModelList>['data']> {
    try {
      const { data } = await this.server.ask({ path: '/models' }, (response) =>
        parsed(ModelList, response),
      );
      return data;
    } catch (error) {
      if (error instanceof NotOffered && this.options.models.length > 0) return [];
      throw error;
    }
  }

  async close(): Promise<void> {
    const until = performance.now() + CLOSE_MS;
    while (this.isBusy && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.ending.abort(new Error('the process ends'));
  }

  private async begin(wish: Wish, signal: AbortSignal): Promise<{ first: Chunk; rest: Events }> {
    const path = 'text' in wish.prompt ? '/completions' : '/chat/completions';
    const idleMs = this.options.limits?.idleMs ?? IDLE_MS;
    const ask = (field: LimitField) =>
      this.server.ask(
        { path, model: wish.model, body: bodyOf(wish, field) },
        async (response) => {
          const rest = eventsOf(response, { idleMs, signal });
          const first = await rest.next();
          if (first === undefined) throw new MayPass(`${this.server.name} answered nothing`);
          return { first, rest };
        },
        signal,
      );
    const field = this.limitFields.get(wish.model) ?? 'max_tokens';
    try {
      return await ask(field);
    } catch (error) {
      if (!(error instanceof FieldRefused) || error.field !== 'max_tokens') throw error;
      this.limitFields.set(wish.model, 'max_completion_tokens');
      return ask('max_completion_tokens');
    }
  }

  /** What broke off cannot be asked for again here: its beginning was given out. */
  private async next(
    events: Events,
    answer: AnswerReader,
    signal: AbortSignal,
  ): Promise<Chunk | undefined> {
    try {
      return await events.next();
    } catch (error) {
      signal.throwIfAborted();
      if (answer.hasEnded) return undefined;
      const help = 'Ask again: what was said so far may be gone on from.';
      const message = `${this.server.name} broke off: ${wordsOf(error)}`;
      throw new EngineLost(message, help, { cause: error });
    }
  }

  private demand(model: string): void {
    if (this.offered.some(({ name }) => name === model)) return;
    throw new ModelUnknown(
      model,
      this.offered.map(({ name }) => name),
    );
  }

  private note(model: string, change: number): void {
    this.busy.set(model, (this.busy.get(model) ?? 0) + change);
  }

  private get isBusy(): boolean {
    return [...this.busy.values()].some((count) => count > 0);
  }

  private paceOf(model: string): Pace {
    const pace = this.paces.get(model) ?? new Pace();
    this.paces.set(model, pace);
    return pace;
  }
}

/** What the server computes with is not told: its name for it stands for it. */
function digestOf(name: string): string {
  return `remote:${name}`;
}

function madeBy(name: string): MadeBy {
  return { slot: 'champion', digest: digestOf(name), adapter: null };
}
