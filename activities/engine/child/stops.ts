/** Finds the texts that end an answer, also across the borders of tokens, and holds back what may be one. */
import type { TokenLogprob } from '../../../workflows/domain/chat.js';

export interface Said {
  text: string;
  tokens: number;
  logprob?: TokenLogprob;
}

export class Stops {
  private held: Said[] = [];

  /** @param texts none of them empty. */
  constructor(private readonly texts: readonly string[]) {}

  /** What may be passed on; `found` when one of the texts was said: it and what follows are left out. */
  add(said: Said): { free: Said[]; found?: string } {
    this.held.push(said);
    const all = this.held.map(({ text }) => text).join('');
    const found = this.earliest(all);
    if (found !== undefined) return { free: this.release(found.at), found: found.text };
    return { free: this.releaseWhole(all.length - this.possible(all)) };
  }

  /** What was held back in vain. */
  rest(): Said[] {
    const free = this.held;
    this.held = [];
    return free;
  }

  private earliest(all: string): { at: number; text: string } | undefined {
    let best: { at: number; text: string } | undefined;
    for (const text of this.texts) {
      const at = all.indexOf(text);
      if (at >= 0 && (best === undefined || at < best.at)) best = { at, text };
    }
    return best;
  }

  /** How many characters at the end may be the beginning of one of the texts. */
  private possible(all: string): number {
    let most = 0;
    for (const text of this.texts) {
      for (let length = Math.min(text.length - 1, all.length); length > most; length--) {
        if (text.startsWith(all.slice(all.length - length))) most = length;
      }
    }
    return most;
  }

  private releaseWhole(length: number): Said[] {
    const free: Said[] = [];
    let left = length;
    while (this.held[0] !== undefined && this.held[0].text.length <= left) {
      left -= this.held[0].text.length;
      free.push(this.held.shift() as Said);
    }
    return free;
  }

  private release(length: number): Said[] {
    const free = this.releaseWhole(length);
    const left = length - free.reduce((sum, { text }) => sum + text.length, 0);
    const cut = this.held[0];
    this.held = [];
    if (left > 0 && cut !== undefined) {
      const text = cut.text.slice(0, left);
      free.push({
        ...cut,
        text,
        ...(cut.logprob === undefined ? {} : { logprob: { ...cut.logprob, text } }),
      });
    }
    return free;
  }
}
