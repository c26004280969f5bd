/** Turns tokens into whole characters: one character may be several tokens. */
import type { LlamaModel, Token } from 'node-llama-cpp';

/** A character has at most 4 bytes; what is no character after as many tokens never becomes one. */
const MAX_WAITING_TOKENS = 4;
/** How many tokens before decide whether a space stands between. */
const LOOK_BACK_TOKENS = 3;
const INCOMPLETE = '\uFFFD';

export class Characters {
  private waiting: Token[] = [];
  private before: Token[];

  /** @param before what the new tokens follow. */
  constructor(
    private readonly model: LlamaModel,
    before: readonly Token[],
  ) {
    this.before = before.slice(-LOOK_BACK_TOKENS);
  }

  /** The text of the tokens that waited and this one; undefined while a character is incomplete. */
  add(token: Token): { text: string; tokens: number } | undefined {
    this.waiting.push(token);
    const text = this.model.detokenize(this.waiting, false, this.before);
    if (text.endsWith(INCOMPLETE) && this.waiting.length < MAX_WAITING_TOKENS) return undefined;
    return this.take(text);
  }

  /** What waited in vain: the answer has ended. */
  rest(): { text: string; tokens: number } | undefined {
    if (this.waiting.length === 0) return undefined;
    return this.take(this.model.detokenize(this.waiting, false, this.before));
  }

  private take(text: string): { text: string; tokens: number } {
    const tokens = this.waiting.length;
    this.before = [...this.before, ...this.waiting].slice(-LOOK_BACK_TOKENS);
    this.waiting = [];
    return { text, tokens };
  }
}
