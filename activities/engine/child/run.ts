/** One stretch of tokens from one sequence: aligned, read, and said token by token until something ends it. */
import type {
  LlamaGrammar,
  LlamaModel,
  SequenceEvaluateOptions,
  Token,
  TokenBias,
} from 'node-llama-cpp';
import { LlamaGrammarEvaluationState } from 'node-llama-cpp';
import { hold, type Lane } from './lanes.js';
import type { Reading } from './reading.js';

export interface Sampled {
  token: Token;
  /** Of the tokens that could have come, the likeliest first; where it was asked for. */
  probabilities?: Map<Token, number>;
}

export interface Stretch {
  /** Everything before what is to be said. Not empty. */
  tokens: readonly Token[];
  options: SequenceEvaluateOptions;
  grammar?: LlamaGrammar;
  /** Tokens that must come first: they were said already, and move the grammar to where it was. */
  forced?: { bias: (() => TokenBias) | undefined };
  wantsProbabilities: boolean;
}

/** Makes the sequence hold a beginning of `tokens`, all but the last at most. Tokens that it holds then. */
export async function align(lane: Lane, tokens: readonly Token[]): Promise<number> {
  await hold(lane, tokens.slice(0, -1));
  return lane.sequence.nextTokenIndex;
}

/** Reads what the sequence does not hold yet, all but the last token. False when it was stopped. */
export async function readRest(
  lane: Lane,
  tokens: readonly Token[],
  reading: Reading,
  { signal, left }: { signal: AbortSignal; left: (tokens: number) => void },
): Promise<boolean> {
  const { sequence } = lane;
  const rest = tokens.slice(sequence.nextTokenIndex, -1);
  const hasRead = await reading.read(lane, rest, signal, left);
  if (hasRead && sequence.needsCheckpoints) await sequence.takeCheckpoint();
  return hasRead;
}

/** Tokens as they are sampled. End tokens are said too; the caller stops at them. */
export async function* say(
  model: LlamaModel,
  { sequence, conductor }: Lane,
  stretch: Stretch,
): AsyncGenerator<Sampled> {
  const last = stretch.tokens.at(-1);
  if (last === undefined) throw new Error('a prompt has one token at least');
  const grammar =
    stretch.grammar === undefined
      ? {}
      : {
          grammarEvaluationState: new LlamaGrammarEvaluationState({
            model,
            grammar: stretch.grammar,
          }),
        };
  const bias = stretch.forced?.bias;
  const options = {
    ...stretch.options,
    ...grammar,
    ...(bias === undefined ? {} : { tokenBias: bias }),
    yieldEogToken: true,
  };
  const sampled = stretch.wantsProbabilities
    ? sequence.evaluateWithMetadata([last], { probabilities: true }, options)
    : sequence.evaluateWithMetadata([last], {}, options);
  try {
    for (;;) {
      const { value, done } = await conductor.step(() => sampled.next());
      if (done) return;
      yield value;
    }
  } finally {
    await sampled.return();
  }
}
