/** What all answers of /v1 have in common: counts, reasons, log probabilities. */
import type { FinishReason, TokenLogprob, Usage } from '../../workflows/domain/chat.js';
import type { About } from './about.js';
import type { Finish, Logprobs, Meta, UsageShape } from './shapes.js';

export function usageOf({ promptTokens, cachedTokens, completionTokens }: Usage): UsageShape {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

/** OpenAI knows no cancelled answers: clients see an end, and `slipway.cancelled` says why. */
export function finishOf(reason: FinishReason): Finish {
  if (reason === 'toolCalls') return 'tool_calls';
  return reason === 'length' ? 'length' : 'stop';
}

export function metaAtEnd({ meta }: About, reason: FinishReason): Meta | undefined {
  return reason === 'cancelled' ? { ...meta, cancelled: true } : meta;
}

/** A field that is there only where it says something. */
export function slipway(meta: Meta | undefined): { slipway?: Meta } {
  return meta ? { slipway: meta } : {};
}

export function logprobsOf(tokens: readonly TokenLogprob[]): Logprobs {
  const named = ({ text, logprob }: { text: string; logprob: number }) => ({
    token: text,
    logprob,
    bytes: [...Buffer.from(text)],
  });
  const content = tokens.map((token) => ({
    ...named(token),
    top_logprobs: token.top.map(named),
  }));
  return { content, refusal: null };
}
