/** Makes one answer: reads the prompt, says text or a call, and knows why it ended. */
import { LlamaText, type SequenceEvaluateOptions, type Token, TokenBias } from 'node-llama-cpp';
import type { FinishReason, Piece, Tool, Usage, Wish } from '../../../workflows/domain/chat.js';
import type { Pace } from '../engine.protocol.js';
import { type Called, sayCall } from './call.js';
import type { Lane, Lanes } from './lanes.js';
import type { Mind } from './mind.js';
import { type Prompt, promptOf } from './prompt.js';
import { refuse, tooLong } from './refused.js';
import { align, readRest, type Sampled, type Stretch, say } from './run.js';
import { samplingOf } from './sampling.js';
import { callable } from './tools.js';
import { Voice } from './voice.js';

export interface Listener {
  piece: (piece: Piece) => void;
  reading: (left: number) => void;
  /** Something was evaluated: the engine lives. */
  progress: () => void;
}

export interface Place {
  mind: Mind;
  lanes: Lanes;
}

/** @throws {Refused} before anything was evaluated; errors of the library mean that the engine is broken. */
export async function answer(
  { mind, lanes }: Place,
  wish: Wish,
  signal: AbortSignal,
  listener: Listener,
): Promise<Pace> {
  const prompt = promptOf(mind.model, mind.wrapper, wish);
  if (prompt.tokens.length >= mind.contextTokens) {
    throw tooLong(prompt.tokens.length, mind.contextTokens);
  }
  if (prompt.tokens.length === 0) throw refuse('there is nothing to go on from');
  const tools = callable(wish);
  const isForced = tools.length > 0 && (wish.toolChoice ?? 'auto') !== 'auto';
  if (wish.format && tools.length > 0 && !isForced) {
    throw refuse(
      'an answer is either of a format or may call tools; require a tool, or leave one out',
    );
  }
  const grammar = wish.format && !isForced ? await mind.grammars.ofFormat(wish.format) : undefined;
  const making = new Making(mind, { wish, prompt, tools }, signal, listener);
  try {
    const { tokens } = prompt;
    const reader = { tokens, common: mind.commons.countOf(wish, tokens), owner: wish.owner };
    await lanes.during(reader, signal, async (lane) => {
      if (isForced) await making.call(lane, '');
      else await making.text(lane, grammar);
    });
  } catch (thrown) {
    if (!signal.aborted || thrown !== signal.reason) throw thrown;
  }
  making.done(signal.aborted ? 'cancelled' : 'stop');
  return making.pace;
}

class Making {
  readonly pace: Pace = { prefillTokens: 0, prefillMs: 0, decodeTokens: 0, decodeMs: 0 };
  private readonly usage: Usage;
  private readonly said: Token[] = [];
  private readonly options: SequenceEvaluateOptions;
  private readonly budget: number;
  private hasStarted = false;
  private isDone = false;

  private readonly wish: Wish;

  constructor(
    private readonly mind: Mind,
    private readonly given: { wish: Wish; prompt: Prompt; tools: readonly Tool[] },
    private readonly signal: AbortSignal,
    private readonly listener: Listener,
  ) {
    this.wish = given.wish;
    this.usage = { promptTokens: given.prompt.tokens.length, cachedTokens: 0, completionTokens: 0 };
    this.options = samplingOf(given.wish.sampling, this.said);
    this.budget = given.wish.sampling.maxTokens ?? Number.POSITIVE_INFINITY;
  }

  async text(lane: Lane, grammar: Stretch['grammar']): Promise<void> {
    const { prompt, tools } = this.given;
    const { begun = '', topLogprobs, sampling } = this.wish;
    const isForcing = begun !== '' && grammar !== undefined;
    const tokens = begun === '' || isForcing ? prompt.tokens : this.written(begun);
    const voice = new Voice(this.mind.model, tokens, {
      stops: [...prompt.stopTexts, ...(sampling.stop ?? [])],
      triggers: tools.length > 0 ? this.mind.calls.trigger : undefined,
      json: grammar && { begun },
      topLogprobs,
      say: (piece) => this.listener.piece(piece),
    });
    const forced = isForcing ? new Forced(this.mind, begun) : undefined;
    const stretch = { tokens, ...(grammar ? { grammar } : {}), ...(forced ? { forced } : {}) };
    const reason = await this.stretch(lane, stretch, topLogprobs !== undefined, (sampled) => {
      if (forced?.takes(sampled.token)) return undefined;
      if (this.isEnd(sampled.token)) return 'stop';
      return voice.add(sampled);
    });
    if (reason === 'call') return this.call(lane, voice.text);
    voice.end(reason === 'stopText');
    this.done(reason === 'stopText' ? 'stop' : reason);
  }

  /** Says a call after `said`, which was text. */
  async call(lane: Lane, said: string): Promise<void> {
    const { begun = '' } = this.wish;
    const before = LlamaText([this.given.prompt.text, begun, said]);
    const called: Called = await sayCall(
      this.mind,
      { before, tools: this.given.tools },
      (stretch, hear) => this.stretch(lane, stretch, false, hear),
    );
    if (called.call) this.listener.piece({ kind: 'toolCalls', calls: [called.call] });
    this.done(called.reason);
  }

  done(reason: FinishReason): void {
    if (this.isDone) return;
    this.isDone = true;
    this.listener.piece({ kind: 'done', reason, usage: { ...this.usage } });
  }

  /** Samples until `hear` says why to end, or something else does. */
  private async stretch<Why extends string>(
    lane: Lane,
    what: Pick<Stretch, 'tokens' | 'grammar' | 'forced'>,
    wantsProbabilities: boolean,
    hear: (sampled: Sampled) => Why | undefined,
  ): Promise<Why | 'length' | 'cancelled'> {
    const room = this.mind.contextTokens - what.tokens.length;
    if (!(await this.read(lane, what.tokens))) return 'cancelled';
    if (room <= 0 || this.budget <= this.usage.completionTokens) return 'length';
    const started = performance.now();
    let count = 0;
    try {
      const full = { ...what, options: this.options, wantsProbabilities };
      for await (const sampled of say(this.mind.model, lane, full)) {
        this.listener.progress();
        count++;
        const why = hear(sampled);
        const isEnd = this.mind.model.isEogToken(sampled.token);
        if (!isEnd) this.said.push(sampled.token);
        if (!isEnd) this.usage.completionTokens++;
        if (why !== undefined) return why;
        if (this.signal.aborted) return 'cancelled';
        if (count >= room || this.usage.completionTokens >= this.budget) return 'length';
      }
      throw new Error('the model stopped without a reason');
    } finally {
      this.pace.decodeTokens += count;
      this.pace.decodeMs += performance.now() - started;
    }
  }

  private async read(lane: Lane, tokens: readonly Token[]): Promise<boolean> {
    const started = performance.now();
    const fits = tokens.length < this.mind.contextTokens;
    const known = fits ? await align(lane, tokens) : 0;
    const { promptTokens } = this.usage;
    if (!this.hasStarted) {
      this.usage.cachedTokens = Math.min(known, promptTokens);
      this.hasStarted = true;
      const { cachedTokens } = this.usage;
      this.listener.piece({ kind: 'started', promptTokens, cachedTokens });
    }
    if (!fits) return true;
    const hasRead = await readRest(lane, tokens, this.mind.reading, {
      signal: this.signal,
      left: (left) => {
        this.listener.progress();
        this.listener.reading(left);
      },
    });
    this.pace.prefillTokens += lane.sequence.nextTokenIndex - known;
    this.pace.prefillMs += performance.now() - started;
    return hasRead;
  }

  private isEnd(token: Token): boolean {
    return this.mind.model.isEogToken(token) || this.given.prompt.stopTokens.has(token);
  }

  private written(begun: string): Token[] {
    return LlamaText([this.given.prompt.text, begun]).tokenize(this.mind.model.tokenizer);
  }
}

/** Makes the model say again what it said already, so that its grammar knows where it stands. */
class Forced {
  private readonly tokens: Token[];
  private at = 0;

  constructor(
    private readonly mind: Mind,
    begun: string,
  ) {
    this.tokens = mind.model.tokenize(begun, false, 'trimLeadingSpace');
  }

  readonly bias = (): TokenBias => {
    const bias = TokenBias.for(this.mind.model);
    const next = this.tokens[this.at];
    return next === undefined ? bias : bias.set(next, { logit: 1e6 });
  };

  /** Whether the token is one of those, and no new one. */
  takes(token: Token): boolean {
    const next = this.tokens[this.at];
    if (next === undefined) return false;
    if (next !== token) throw refuse('what was begun does not keep the format');
    this.at++;
    return true;
  }
}
