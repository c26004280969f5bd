/** Models that say what a test wants, as slowly as it wants. They misbehave on request. */
import type {
  MadeBy,
  Piece,
  ServedModel,
  TokenLogprob,
  Usage,
  Wish,
} from '../../workflows/domain/chat.js';
import type { EngineState, ModelLoad, Models } from './model.ports.js';

export class FakeModels implements Models {
  readonly wishes: Wish[] = [];
  /** What every answer says, word by word. */
  text = 'the answer is always the same';
  /** Why every answer ends that nobody stops. */
  reason: 'stop' | 'length' = 'stop';
  /** Of a wish with tools: the call that is made instead of an answer. */
  callFor: (wish: Wish) => { name: string; arguments: string } | undefined = () => undefined;
  /** Called before each word: a test holds the answer here. */
  beforeWord: (wish: Wish, index: number) => Promise<void> = async () => {};
  /** Called once the prompt is read; what it does with the signal is the test's. */
  beforeAnswer: (wish: Wish, signal: AbortSignal) => Promise<void> = async () => {};
  /** Who makes the answers; by default the champion of the name. */
  madeBy: () => MadeBy | undefined = () => {
    const { digest, adapter } = this.model;
    return { slot: 'champion', digest, adapter };
  };
  /** What its engines say of themselves. */
  states: EngineState[] = [];
  /** Thrown by every call until it is taken back. */
  trouble: Error | undefined;
  /** False: it does not know yet what is served. */
  hasLooked = true;
  /** Its first look at what is served. */
  look: Promise<void> = Promise.resolve();
  model: ServedModel = {
    name: 'fake',
    digest: `sha256:${'0'.repeat(64)}`,
    adapter: null,
    contextTokens: 4_096,
    isToy: true,
    provider: 'in-process',
    state: 'ready',
  };
  modelLoad: ModelLoad = {
    slots: 4,
    busy: 0,
    prefillTokens: 0,
    prefillPerSecond: undefined,
    decodePerSecond: undefined,
    answerTokens: undefined,
  };

  served(): ServedModel[] {
    return this.hasLooked ? [this.model] : [];
  }

  looked(): Promise<void> {
    return this.look;
  }

  async *generate(wish: Wish, signal: AbortSignal): AsyncGenerator<Piece> {
    this.wishes.push(wish);
    if (this.trouble) throw this.trouble;
    const usage: Usage = {
      promptTokens: await this.count(wish),
      cachedTokens: 0,
      completionTokens: 0,
    };
    const { promptTokens, cachedTokens } = usage;
    const by = this.madeBy();
    yield { kind: 'started', promptTokens, cachedTokens, ...(by ? { by } : {}) };
    const call = wish.tools && this.callFor(wish);
    if (call) {
      yield { kind: 'toolCalls', calls: [{ id: 'call-1', ...call }] };
      yield { kind: 'done', reason: 'toolCalls', usage };
      return;
    }
    await this.beforeAnswer(wish, signal);
    const rest = this.text.slice(wish.begun?.length ?? 0);
    for (const [index, word] of (rest.match(/\s*\S+/g) ?? []).entries()) {
      await this.beforeWord(wish, index);
      if (this.trouble) throw this.trouble;
      if (signal.aborted) break;
      usage.completionTokens++;
      const logprobs = wish.topLogprobs === undefined ? {} : { logprobs: [certain(word)] };
      yield { kind: 'text', text: word, tokens: 1, ...logprobs };
    }
    yield { kind: 'done', reason: signal.aborted ? 'cancelled' : this.reason, usage };
  }

  async embed({
    texts,
  }: {
    texts: string[];
  }): Promise<{ vectors: number[][]; promptTokens: number }> {
    if (this.trouble) throw this.trouble;
    return { vectors: texts.map((text) => [text.length, 1]), promptTokens: texts.length };
  }

  async count({ prompt }: Pick<Wish, 'prompt'>): Promise<number> {
    const texts = 'text' in prompt ? [prompt.text] : prompt.messages.map(({ content }) => content);
    return texts.join(' ').split(/\s+/).length;
  }

  load(): ModelLoad {
    return this.modelLoad;
  }

  engines(): EngineState[] {
    return this.states;
  }

  async follow(): Promise<void> {}
  async close(): Promise<void> {}
}

function certain(text: string): TokenLogprob {
  return { text, logprob: 0, top: [{ text, logprob: 0 }] };
}
