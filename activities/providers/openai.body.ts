/** A wish as a request of OpenAI's API. */
import type { ChatMessage, Sampling, Wish } from '../../workflows/domain/chat.js';

/** Newer models of OpenAI refuse the one name, and most other servers know only it. */
export type LimitField = 'max_tokens' | 'max_completion_tokens';

export function bodyOf(wish: Wish, limitField: LimitField): Record<string, unknown> {
  const { model, prompt, begun = '' } = wish;
  const common = {
    model,
    stream: true,
    stream_options: { include_usage: true },
    ...samplingOf(wish.sampling, limitField),
    ...formatOf(wish),
  };
  if ('text' in prompt) {
    const logprobs = wish.topLogprobs === undefined ? {} : { logprobs: wish.topLogprobs };
    return { ...common, prompt: prompt.text + begun, ...logprobs };
  }
  const messages = prompt.messages.map(messageOf);
  // Most servers go on from a last message of the assistant.
  if (begun !== '') messages.push({ role: 'assistant', content: begun });
  return { ...common, messages, ...logprobsOf(wish), ...toolsOf(wish) };
}

function samplingOf(sampling: Sampling, limitField: LimitField): Record<string, unknown> {
  const { temperature = 1, topP, topK, minP, seed, maxTokens, stop } = sampling;
  return given({
    temperature,
    top_p: topP,
    top_k: topK,
    min_p: minP,
    seed,
    [limitField]: maxTokens,
    stop: stop?.length === 0 ? undefined : stop,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
  });
}

function formatOf({ format }: Wish): Record<string, unknown> {
  if (format === undefined) return {};
  if (format.schema === undefined) return { response_format: { type: 'json_object' } };
  const json_schema = { name: 'answer', strict: true, schema: format.schema };
  return { response_format: { type: 'json_schema', json_schema } };
}

function logprobsOf({ topLogprobs }: Wish): Record<string, unknown> {
  if (topLogprobs === undefined) return {};
  return { logprobs: true, ...(topLogprobs > 0 ? { top_logprobs: topLogprobs } : {}) };
}

function toolsOf({ tools, toolChoice }: Wish): Record<string, unknown> {
  if (tools === undefined || tools.length === 0) return {};
  const choice =
    typeof toolChoice === 'object'
      ? { type: 'function', function: { name: toolChoice.name } }
      : toolChoice;
  return given({
    tools: tools.map((tool) => ({
      type: 'function',
      function: { ...tool, parameters: tool.parameters ?? { type: 'object', properties: {} } },
    })),
    tool_choice: choice,
  });
}

function messageOf(message: ChatMessage): Record<string, unknown> {
  const { role, content } = message;
  if (message.role === 'tool') return { role, content, tool_call_id: message.toolCallId };
  if (message.role !== 'assistant' || !message.toolCalls?.length) return { role, content };
  const tool_calls = message.toolCalls.map(({ id, name, arguments: args }) => ({
    id,
    type: 'function',
    function: { name, arguments: args },
  }));
  return { role, content: content === '' ? null : content, tool_calls };
}

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
