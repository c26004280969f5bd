import { describe, expect, it } from '@jest/globals';
import type { LlamaContext, Token } from 'node-llama-cpp';
import { type Lane, Lanes } from './lanes.js';

/** Holds tokens, as a sequence of the library does. */
class FakeSequence {
  held: Token[] = [];

  get nextTokenIndex(): number {
    return this.held.length;
  }

  compareContextTokens(tokens: readonly Token[]) {
    const different = this.held.findIndex((token, index) => token !== tokens[index]);
    return { firstDifferentIndex: different === -1 ? this.held.length : different };
  }

  getRestoreToPrefixIndexEvaluationSize(): number {
    return 0;
  }

  async clearHistory(): Promise<void> {
    this.held = [];
  }

  async adaptStateToTokens(tokens: readonly Token[]): Promise<void> {
    this.held = this.held.slice(0, this.compareContextTokens(tokens).firstDifferentIndex);
  }
}

function lanesOf(count: number) {
  const sequences = Array.from({ length: count }, () => new FakeSequence());
  const free = [...sequences];
  const context = { totalSequences: count, getSequence: () => free.shift() };
  const lanes = new Lanes(context as unknown as LlamaContext);
  /** What a lane holds of the words when it is given to their reader, who then reads all of them. */
  const read = (owner: string | undefined, words: string, common = 0) => {
    const tokens = [...Buffer.from(words)] as Token[];
    return lanes.during({ tokens, common, owner }, new AbortController().signal, async (lane) => {
      const sequence = lane.sequence as unknown as FakeSequence;
      const known = sequence.held.length;
      sequence.held = tokens;
      return String.fromCharCode(...tokens.slice(0, known));
    });
  };
  return { lanes, read };
}

const INSTRUCTIONS = 'be kind: ';
const common = INSTRUCTIONS.length;

describe('a lane', () => {
  it('knows the earlier turns of whoever it was read for', async () => {
    const { read } = lanesOf(2);
    await read('ada', `${INSTRUCTIONS}one`, common);
    expect(await read('ada', `${INSTRUCTIONS}one two`, common)).toBe(`${INSTRUCTIONS}one`);
  });

  it('shows others the instructions, and not a letter of what was asked behind them', async () => {
    const { read } = lanesOf(1);
    await read('ada', `${INSTRUCTIONS}the code is 8841`, common);
    const guess = `${INSTRUCTIONS}the code is 8841, is it?`;
    expect(await read('bob', guess, common)).toBe(INSTRUCTIONS);
    expect(await read('bob', guess, common)).toBe(guess);
    expect(await read('ada', guess, common)).toBe(INSTRUCTIONS);
  });

  it('shows others nothing of a plain text', async () => {
    const { read } = lanesOf(1);
    await read('ada', 'the code is 8841');
    expect(await read('bob', 'the code is 8841')).toBe('');
  });

  it('shows others nothing of instructions that are not theirs too, to the end', async () => {
    const { read } = lanesOf(1);
    await read('ada', 'say 8841: hello', 10);
    expect(await read('bob', 'say 88: hello', 8)).toBe('');
    await read('ada', 'say 8841: hello', 10);
    expect(await read('bob', 'say 8841: hallo', 10)).toBe('say 8841: ');
    await read('ada', 'say 8841: hello', 10);
    // What is a question to one may be instructions to another, and stays a question.
    expect(await read('bob', 'say 8841: hello', 15)).toBe('');
  });

  it('that nobody in particular read is not somebody’s', async () => {
    const { read } = lanesOf(1);
    await read(undefined, 'a text');
    expect(await read(undefined, 'a text!')).toBe('a text');
    expect(await read('ada', 'a text!')).toBe('');
  });

  it('is the one that spares its reader most', async () => {
    const { read } = lanesOf(3);
    await Promise.all([
      read('ada', `${INSTRUCTIONS}one`, common),
      read('bob', `${INSTRUCTIONS}two`, common),
    ]);
    expect(await read('bob', `${INSTRUCTIONS}two and`, common)).toBe(`${INSTRUCTIONS}two`);
    expect(await read('ada', `${INSTRUCTIONS}one and`, common)).toBe(`${INSTRUCTIONS}one`);
    expect(await read('eve', `${INSTRUCTIONS}two`, common)).toBe(INSTRUCTIONS);
  });
});

describe('who waits for a lane', () => {
  const reader = { tokens: [], common: 0, owner: 'ada' };

  it('gets it in turn, also when somebody came who had left already', async () => {
    const { lanes } = lanesOf(1);
    const never = new AbortController().signal;
    const held = Promise.withResolvers<void>();
    const first = lanes.during(reader, never, () => held.promise);
    const order: string[] = [];
    const work = (name: string) => async (_lane: Lane) => void order.push(name);
    const second = lanes.during(reader, never, work('second'));
    const gone = lanes.during(reader, AbortSignal.abort(new Error('gone')), work('gone'));
    await expect(gone).rejects.toThrow('gone');
    const leaving = new AbortController();
    const third = lanes.during(reader, leaving.signal, work('third'));
    const fourth = lanes.during(reader, never, work('fourth'));
    leaving.abort(new Error('left'));
    await expect(third).rejects.toThrow('left');
    held.resolve();
    await Promise.all([first, second, fourth]);
    expect(order).toEqual(['second', 'fourth']);
  });
});
