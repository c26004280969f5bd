/** Pieces of an answer as OpenAI's chat completions, whole or in chunks. */
import type { Piece, TokenLogprob, ToolCall } from '../../workflows/domain/chat.js';
import { type About, signed } from './about.js';
import { finishOf, logprobsOf, metaAtEnd, slipway, usageOf } from './pieces.js';
import type { CallShape, ChatChunk, ChatCompletion, ChatDelta } from './shapes.js';

type Pieces = AsyncIterable<Piece>;

/** @throws {Error} whatever the pieces throw; nothing was answered then. */
export async function chatCompletion(
  about: About,
  pieces: Pieces,
  hasLogprobs: boolean,
): Promise<ChatCompletion> {
  let text = '';
  const calls: ToolCall[] = [];
  const tokens: TokenLogprob[] = [];
  let known = about;
  for await (const piece of pieces) {
    known = signed(known, piece);
    if (piece.kind === 'text') {
      text += piece.text;
      if (piece.logprobs) tokens.push(...piece.logprobs);
    } else if (piece.kind === 'toolCalls') calls.push(...piece.calls);
    else if (piece.kind === 'done') {
      const message = {
        role: 'assistant' as const,
        content: text === '' && calls.length > 0 ? null : text,
        refusal: null,
        ...(calls.length > 0 ? { tool_calls: calls.map(callOf) } : {}),
      };
      const choice = {
        index: 0,
        message,
        logprobs: hasLogprobs ? logprobsOf(tokens) : null,
        finish_reason: finishOf(piece.reason),
      };
      return {
        ...headOf(known),
        object: 'chat.completion',
        choices: [choice],
        usage: usageOf(piece.usage),
        ...slipway(metaAtEnd(about, piece.reason)),
      };
    }
  }
  throw new Error('an answer ended without its end');
}

/** The first chunk comes with the first piece; the role is in it. */
export async function* chatChunks(
  about: About,
  pieces: Pieces,
  includeUsage: boolean,
): AsyncGenerator<ChatChunk, void, undefined> {
  let known = about;
  const chunk = (choices: ChatChunk['choices']): ChatChunk => ({
    ...headOf(known),
    object: 'chat.completion.chunk',
    choices,
    ...(includeUsage ? { usage: null } : {}),
  });
  const said = (delta: ChatDelta, logprobs: ChatChunk['choices'][number]['logprobs'] = null) =>
    chunk([{ index: 0, delta, logprobs, finish_reason: null }]);
  let [isBegun, calls] = [false, 0];
  for await (const piece of pieces) {
    known = signed(known, piece);
    if (!isBegun) {
      yield { ...said({ role: 'assistant', content: '', refusal: null }), ...slipway(about.meta) };
      isBegun = true;
    }
    if (piece.kind === 'text') {
      yield said({ content: piece.text }, piece.logprobs ? logprobsOf(piece.logprobs) : null);
    } else if (piece.kind === 'toolCalls') {
      for (const call of piece.calls) yield* callDeltas(call, calls++).map((one) => said(one));
    } else if (piece.kind === 'done') {
      const end = { index: 0 as const, delta: {}, logprobs: null };
      yield {
        ...chunk([{ ...end, finish_reason: finishOf(piece.reason) }]),
        ...slipway(metaAtEnd(about, piece.reason)),
      };
      if (includeUsage) yield { ...chunk([]), usage: usageOf(piece.usage) };
    }
  }
}

function headOf(about: About) {
  const { meta: _, ...head } = about;
  return head;
}

function callOf({ id, name, arguments: given }: ToolCall): CallShape {
  return { id, type: 'function', function: { name, arguments: given } };
}

/** Its name, then what it is called with, as OpenAI sends them. */
function callDeltas({ id, name, arguments: given }: ToolCall, index: number): ChatDelta[] {
  return [
    { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] },
    { tool_calls: [{ index, function: { arguments: given } }] },
  ];
}
