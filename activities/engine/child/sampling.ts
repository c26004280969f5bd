/** How OpenAI's sampling options are said to llama.cpp. */
import { randomInt } from 'node:crypto';
import type { SequenceEvaluateOptions, Token } from 'node-llama-cpp';
import type { Sampling } from '../../../workflows/domain/chat.js';

/** What llama.cpp's own server takes where nothing is said. */
const DEFAULTS = { temperature: 1, topK: 40, topP: 0.95, minP: 0.05 };
/** llama.cpp takes 32 bits, and the last number for "any". */
const SEEDS = 0xff_ff_ff_ff;
/** Tokens of the answer that penalties look back on. */
const PENALTY_TOKENS = 1_024;

/** @param said tokens of the answer so far; it grows while this is used. */
export function samplingOf(sampling: Sampling, said: readonly Token[]): SequenceEvaluateOptions {
  const { frequencyPenalty = 0, presencePenalty = 0 } = sampling;
  const options: SequenceEvaluateOptions = {
    temperature: sampling.temperature ?? DEFAULTS.temperature,
    topK: sampling.topK ?? DEFAULTS.topK,
    topP: sampling.topP ?? DEFAULTS.topP,
    minP: sampling.minP ?? DEFAULTS.minP,
    // The library's default is the clock in seconds: two answers in one second would be the same.
    seed: sampling.seed === undefined ? randomInt(SEEDS) : seedOf(sampling.seed),
    evaluationPriority: 5,
  };
  if (frequencyPenalty === 0 && presencePenalty === 0) return options;
  options.repeatPenalty = {
    penalty: 1,
    frequencyPenalty,
    presencePenalty,
    punishTokens: () => said.slice(-PENALTY_TOKENS),
    maxPunishTokens: PENALTY_TOKENS,
  };
  return options;
}

function seedOf(seed: number): number {
  const whole = Math.trunc(seed) % SEEDS;
  return whole < 0 ? whole + SEEDS : whole;
}
