/** Pieces of an answer as OpenAI's text completions, and vectors as its embeddings. */
import { endianness } from 'node:os';
import type { Piece, TokenLogprob } from '../../workflows/domain/chat.js';
import type { Embedded } from '../generation/generation.ports.js';
import { type About, signed } from './about.js';
import { finishOf, metaAtEnd, slipway, usageOf } from './pieces.js';
import type { EmbeddingList, Meta, TextCompletion, TextLogprobs } from './shapes.js';

export interface TextOptions {
  hasLogprobs: boolean;
  includeUsage: boolean;
  /** Of the prompt, where it is wanted back; else empty. */
  echo: string;
}

/** @throws {Error} whatever the pieces throw; nothing was answered then. */
export async function textCompletion(
  about: About,
  pieces: AsyncIterable<Piece>,
  options: TextOptions,
): Promise<TextCompletion> {
  let text = options.echo;
  const tokens: TokenLogprob[] = [];
  let known = about;
  for await (const piece of pieces) {
    known = signed(known, piece);
    if (piece.kind === 'text') {
      text += piece.text;
      if (piece.logprobs) tokens.push(...piece.logprobs);
    } else if (piece.kind === 'done') {
      const logprobs = options.hasLogprobs ? logprobsOf(tokens, 0) : null;
      const choice = { index: 0, text, logprobs, finish_reason: finishOf(piece.reason) };
      return {
        ...headOf(known),
        choices: [choice],
        usage: usageOf(piece.usage),
        ...slipway(metaAtEnd(about, piece.reason)),
      };
    }
  }
  throw new Error('an answer ended without its end');
}

export async function* textChunks(
  about: About,
  pieces: AsyncIterable<Piece>,
  { hasLogprobs, includeUsage, echo }: TextOptions,
): AsyncGenerator<TextCompletion, void, undefined> {
  let known = about;
  const chunk = (choices: TextCompletion['choices']): TextCompletion => ({
    ...headOf(known),
    choices,
    ...(includeUsage ? { usage: null } : {}),
  });
  let [isBegun, offset] = [false, 0];
  for await (const piece of pieces) {
    known = signed(known, piece);
    if (!isBegun) {
      const first = { index: 0, text: echo, logprobs: null, finish_reason: null };
      yield { ...chunk([first]), ...slipway(about.meta) };
      isBegun = true;
    }
    if (piece.kind === 'text') {
      const logprobs = hasLogprobs ? logprobsOf(piece.logprobs ?? [], offset) : null;
      offset += piece.text.length;
      yield chunk([{ index: 0, text: piece.text, logprobs, finish_reason: null }]);
    } else if (piece.kind === 'done') {
      const end = { index: 0, text: '', logprobs: null, finish_reason: finishOf(piece.reason) };
      yield { ...chunk([end]), ...slipway(metaAtEnd(about, piece.reason)) };
      if (includeUsage) yield { ...chunk([]), usage: usageOf(piece.usage) };
    }
  }
}

export function embeddingList(
  { vectors, promptTokens }: Embedded,
  model: string,
  { format, meta }: { format: 'float' | 'base64'; meta: Meta | undefined },
): EmbeddingList {
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: format === 'float' ? vector : base64Of(vector),
    })),
    model,
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
    ...slipway(meta),
  };
}

/** Of little-endian 32-bit floats, as every client expects them. */
function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.from(Float32Array.from(vector).buffer);
  if (endianness() === 'BE') bytes.swap32();
  return bytes.toString('base64');
}

function headOf(about: About) {
  const { meta: _, ...head } = about;
  return { ...head, object: 'text_completion' as const };
}

function logprobsOf(tokens: readonly TokenLogprob[], from: number): TextLogprobs {
  let offset = from;
  const starts = tokens.map(({ text }) => {
    const start = offset;
    offset += text.length;
    return start;
  });
  return {
    tokens: tokens.map(({ text }) => text),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top }) =>
      Object.fromEntries(top.map(({ text, logprob }) => [text, logprob])),
    ),
    text_offset: starts,
  };
}
