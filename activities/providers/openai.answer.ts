/** From the events of an answer to its pieces. */
import type {
  FinishReason,
  Piece,
  TokenLogprob,
  ToolCall,
  Usage,
} from '../../workflows/domain/chat.js';
import { tokensOf } from './estimate.js';
import {
  type CallPart,
  ChatLogprobs,
  type Chunk,
  TextLogprobs,
  type WireLogprob,
} from './openai.wire.js';

/** A model that wants more calls in one answer than this is lost. */
const MAX_CALLS = 128;

/** Takes events, gives pieces, and knows how the answer ended. */
export class AnswerReader {
  readonly usage: Usage;
  private readonly calls: ToolCall[] = [];
  private reason: string | undefined;
  /** Half of a character, whose other half comes with the next event. */
  private half = '';

  /** @param promptTokens estimated: the server says at the end how many there were. */
  constructor(promptTokens: number) {
    this.usage = { promptTokens, cachedTokens: 0, completionTokens: 0 };
  }

  get hasEnded(): boolean {
    return this.reason !== undefined;
  }

  *take({ choices, usage }: Chunk): Generator<Piece> {
    if (usage) {
      this.usage.promptTokens = usage.prompt_tokens;
      this.usage.completionTokens = usage.completion_tokens;
      this.usage.cachedTokens = usage.prompt_tokens_details?.cached_tokens ?? 0;
    }
    const choice = choices?.[0];
    if (!choice) return;
    const logprobs = logprobsOf(choice.logprobs);
    const text = this.whole(choice.delta?.content ?? choice.text ?? '');
    if (text !== '') yield this.textPiece(text, logprobs);
    for (const part of choice.delta?.tool_calls ?? []) this.addCall(part);
    if (choice.finish_reason) this.reason = choice.finish_reason;
  }

  *end(isCancelled: boolean): Generator<Piece> {
    if (isCancelled) return void (yield { kind: 'done', reason: 'cancelled', usage: this.usage });
    const calls = this.calls.filter(({ name }) => name !== '');
    if (calls.length > 0) yield { kind: 'toolCalls', calls };
    yield { kind: 'done', reason: this.finish(calls.length > 0), usage: this.usage };
  }

  private textPiece(text: string, logprobs: TokenLogprob[] | undefined): Piece {
    const tokens = logprobs?.length ?? Math.max(1, tokensOf(text));
    this.usage.completionTokens += tokens;
    return { kind: 'text', text, tokens, ...(logprobs ? { logprobs } : {}) };
  }

  private whole(text: string): string {
    const all = this.half + text;
    const isHalf = /[\ud800-\udbff]$/.test(all);
    this.half = isHalf ? all.slice(-1) : '';
    return isHalf ? all.slice(0, -1) : all;
  }

  private addCall({ index, id, function: said }: CallPart): void {
    const at = index ?? this.calls.length;
    if (at >= MAX_CALLS) return;
    while (this.calls.length <= at) {
      this.calls.push({ id: `call_${this.calls.length}`, name: '', arguments: '' });
    }
    const call = this.calls[at];
    if (!call) return;
    if (id) call.id = id;
    call.name += said?.name ?? '';
    call.arguments += said?.arguments ?? '';
  }

  private finish(hasCalls: boolean): FinishReason {
    if (hasCalls) return 'toolCalls';
    return this.reason === 'length' ? 'length' : 'stop';
  }
}

function logprobsOf(said: unknown): TokenLogprob[] | undefined {
  const chat = ChatLogprobs.safeParse(said);
  if (chat.success) return chat.data.content.map(ofChat);
  const { data } = TextLogprobs.safeParse(said);
  return data?.tokens.map((text, index) => ({
    text,
    logprob: data.token_logprobs[index] ?? 0,
    top: Object.entries(data.top_logprobs?.[index] ?? {}).map(([word, logprob]) => ({
      text: word,
      logprob,
    })),
  }));
}

function ofChat({ token, logprob, top_logprobs }: WireLogprob): TokenLogprob {
  const top = (top_logprobs ?? []).map((one) => ({ text: one.token, logprob: one.logprob }));
  return { text: token, logprob, top };
}
