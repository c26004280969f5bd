/** What an answer says, from tokens to pieces: whole characters, up to what ends it. */
import type { LlamaModel, Token } from 'node-llama-cpp';
import type { Piece, TokenLogprob } from '../../../workflows/domain/chat.js';
import { Characters } from './characters.js';
import { JsonEnd } from './json.end.js';
import type { Sampled } from './run.js';
import { type Said, Stops } from './stops.js';
import type { CallSyntax } from './tools.js';

/** Of what practically never comes: JSON knows no infinity. */
const NEVER = -9_999;

export interface Ways {
  stops: readonly string[];
  /** What begins a call; undefined where none may be made. */
  triggers: CallSyntax['trigger'] | undefined;
  /** JSON is made, and this was said of it already. */
  json: { begun: string } | undefined;
  topLogprobs: number | undefined;
  say: (piece: Piece) => void;
}

export class Voice {
  /** Everything that was passed on. */
  text = '';
  private readonly characters: Characters;
  private readonly stops: Stops;
  private readonly json = new JsonEnd();
  private readonly callTexts: readonly string[];
  private logprobs: TokenLogprob[] = [];

  constructor(
    private readonly model: LlamaModel,
    before: readonly Token[],
    private readonly ways: Ways,
  ) {
    this.characters = new Characters(model, before);
    this.json.add(ways.json?.begun ?? '');
    this.callTexts = ways.triggers && 'texts' in ways.triggers ? ways.triggers.texts : [];
    this.stops = new Stops([...ways.stops, ...this.callTexts]);
  }

  /** Why the answer ends with this token, if it does. */
  add(sampled: Sampled): 'stop' | 'stopText' | 'call' | undefined {
    const { triggers } = this.ways;
    if (triggers && 'token' in triggers && triggers.token === sampled.token) {
      this.pass(this.stops.rest());
      return 'call';
    }
    if (this.ways.topLogprobs !== undefined) this.logprobs.push(this.logprobOf(sampled));
    const whole = this.characters.add(sampled.token);
    return whole === undefined ? undefined : this.hear(whole);
  }

  /** Passes on what was held back, unless a text ended the answer. */
  end(byStop: boolean): void {
    if (byStop) return;
    const rest = this.characters.rest();
    if (rest !== undefined && this.hear(rest) === 'stopText') return;
    this.pass(this.stops.rest());
  }

  private hear(whole: { text: string; tokens: number }): 'stop' | 'stopText' | 'call' | undefined {
    const jsonEnd = this.ways.json ? this.json.add(whole.text) : undefined;
    const text = jsonEnd === undefined ? whole.text : whole.text.slice(0, jsonEnd);
    const { free, found } = this.stops.add({ ...whole, text, ...this.joined(text) });
    this.pass(free);
    if (found !== undefined) return this.callTexts.includes(found) ? 'call' : 'stopText';
    return jsonEnd === undefined ? undefined : 'stop';
  }

  private pass(said: readonly Said[]): void {
    const text = said.map((each) => each.text).join('');
    if (text === '') return;
    this.text += text;
    const tokens = said.reduce((sum, each) => sum + each.tokens, 0);
    const logprobs = said.flatMap((each) => each.logprob ?? []);
    const has = this.ways.topLogprobs !== undefined;
    this.ways.say({ kind: 'text', text, tokens, ...(has ? { logprobs } : {}) });
  }

  /** One entry for one character, also where it is several tokens. */
  private joined(text: string): { logprob?: TokenLogprob } {
    const [first, ...more] = this.logprobs;
    this.logprobs = [];
    if (first === undefined) return {};
    if (more.length === 0) return { logprob: { ...first, text } };
    const logprob = more.reduce((sum, each) => sum + each.logprob, first.logprob);
    return { logprob: { text, logprob, top: [] } };
  }

  private logprobOf({ token, probabilities = new Map() }: Sampled): TokenLogprob {
    const top = [...probabilities]
      .slice(0, this.ways.topLogprobs ?? 0)
      .map(([each, probability]) => ({
        text: this.model.detokenize([each]),
        logprob: logOf(probability),
      }));
    return { text: '', logprob: logOf(probabilities.get(token)), top };
  }
}

function logOf(probability: number | undefined): number {
  return probability === undefined || probability <= 0 ? NEVER : Math.log(probability);
}
