import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../../activities/platform/config.js';
import { ModelNotReady } from '../../activities/platform/model-errors.js';
import type { Wish } from '../../workflows/domain/chat.js';
import { modelMissing } from '../chat/model.missing.js';
import { MODELS, type Models } from '../chat/model.ports.js';
import { QuotaExceeded } from '../platform/errors.js';
import { METRICS, type Metrics } from '../platform/metrics.ports.js';
import { CONFIG } from '../platform/tokens.js';
import { Budgets } from './budgets.js';
import type { Answer, Caller, Embedded, Generation, InFlight } from './generation.ports.js';
import { CHARS_PER_TOKEN, GENERATION_LIMITS, MAX_LISTED } from './limits.js';
import { Making } from './making.js';
import { Places } from './places.js';

@Injectable()
export class GenerationService implements Generation {
  private readonly making = new Map<string, Making>();
  private readonly embedding = new Set<Promise<unknown>>();
  private readonly places: Places;
  limits = GENERATION_LIMITS;

  constructor(
    @Inject(MODELS) private readonly models: Models,
    @Inject(METRICS) private readonly metrics: Metrics,
    @Inject(CONFIG) config: Pick<Config, 'SLIPWAY_CHAT_QUEUE'>,
    private readonly budgets: Budgets,
  ) {
    this.places = new Places({
      load: (model) => models.load(model),
      queue: config.SLIPWAY_CHAT_QUEUE,
      limits: this.limits,
      refused: (why) => metrics.refused(why),
    });
    const of = (what: 'waiting' | 'running') => () =>
      this.places.counts().map(({ model, [what]: value }) => ({ labels: { model }, value }));
    metrics.gauge(
      'slipway_chat_waiting',
      'Requests that wait for an answer to begin.',
      of('waiting'),
    );
    metrics.gauge('slipway_chat_running', 'Answers that are being made.', of('running'));
  }

  async begin(wish: Wish, caller: Caller, signal?: AbortSignal): Promise<Answer> {
    if (this.making.has(wish.id)) throw new Error(`request "${wish.id}" is in flight already`);
    const making = new Making({ owner: caller.login, ...wish }, caller, {
      models: this.models,
      metrics: this.metrics,
      limits: this.limits,
      onEnd: () => this.making.delete(wish.id),
      ...this.admit(wish.model, caller, charsOf(wish)),
    });
    this.making.set(wish.id, making);
    if (signal?.aborted) making.cancel();
    else signal?.addEventListener('abort', () => making.cancel(), { once: true });
    return making;
  }

  count(caller: Caller): void {
    this.mustHaveBudget(caller);
    this.budgets.spend(caller, 0);
  }

  async embed(
    input: { model: string; texts: string[] },
    caller: Caller,
    signal: AbortSignal,
  ): Promise<Embedded> {
    const chars = input.texts.reduce((sum, { length }) => sum + length, 0);
    const { place, budget } = this.admit(input.model, caller, chars);
    const work = place.begun.then(() => {
      signal.throwIfAborted();
      return this.models.embed(input, signal);
    });
    const ended = work.then(
      ({ promptTokens }) => budget.settle(promptTokens),
      () => budget.settle(0),
    );
    this.embedding.add(ended);
    void ended.finally(() => {
      this.embedding.delete(ended);
      place.leave();
    });
    return work;
  }

  inFlight(login?: string): InFlight[] {
    const all = [...this.making.values()].reverse();
    const seen = login === undefined ? all : all.filter(({ caller }) => caller.login === login);
    return seen.slice(0, MAX_LISTED).map((making) => making.look());
  }

  cancel(id: string, login?: string): boolean {
    const making = this.making.get(id);
    if (!making || (login !== undefined && making.caller.login !== login)) return false;
    making.cancel();
    return true;
  }

  /** Begins nothing more; what is being made gets its time, and is then stopped. */
  async beforeApplicationShutdown(): Promise<void> {
    this.places.close();
    const ended = [...[...this.making.values()].map(({ ended }) => ended), ...this.embedding];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, this.limits.drainSeconds * 1_000);
    });
    await Promise.race([Promise.all(ended), late]);
    clearTimeout(timer);
    for (const making of this.making.values()) making.stop(this.places.draining());
    await Promise.race([Promise.all(ended), new Promise(setImmediate)]);
  }

  private admit(model: string, caller: Caller, chars: number) {
    this.mustBeServed(model);
    this.mustHaveBudget(caller);
    const promptTokens = Math.ceil(chars / CHARS_PER_TOKEN);
    const place = this.places.enter({ login: caller.login, model, promptTokens });
    return { place, budget: this.budgets.spend(caller, promptTokens) };
  }

  private mustHaveBudget(caller: Caller): void {
    try {
      this.budgets.check(caller);
    } catch (error) {
      if (error instanceof QuotaExceeded) this.metrics.refused('quota');
      throw error;
    }
  }

  private mustBeServed(name: string): void {
    const served = this.models.served();
    const model = served.find((one) => one.name === name);
    if (!model) throw modelMissing(name, this.models);
    if (model.state !== 'failed') return;
    throw new ModelNotReady(
      `the model "${name}" could not be loaded: ${model.reason ?? 'no reason is known'}`,
      'Ask again later, or ask whoever runs Slipway to serve another one.',
    );
  }
}

function charsOf({ prompt, begun = '', tools = [] }: Wish): number {
  const texts = 'text' in prompt ? [prompt.text] : prompt.messages.map(({ content }) => content);
  const said = texts.reduce((sum, { length }) => sum + length, begun.length);
  return tools.length === 0 ? said : said + JSON.stringify(tools).length;
}
