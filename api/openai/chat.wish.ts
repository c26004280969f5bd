/** A request of OpenAI's API as the wish that any model understands. */
import type { ChatMessage, Tool, Wish } from '../../workflows/domain/chat.js';
import type { ChatRequest, Content, Message } from './chat.requests.js';
import { samplingOf } from './fields.js';

export function chatWish(body: ChatRequest, id: string, login: string): Wish {
  const { tool_choice: choice, prompt_cache_key: key } = body;
  const tools = (body.tools ?? []).map(toolOf);
  return {
    id,
    model: body.model,
    prompt: { messages: body.messages.map(messageOf) },
    sampling: samplingOf(body, body.max_completion_tokens ?? body.max_tokens),
    ...(tools.length > 0 ? { tools } : {}),
    ...(choice == null || tools.length === 0
      ? {}
      : { toolChoice: typeof choice === 'string' ? choice : { name: choice.function.name } }),
    ...formatOf(body.response_format),
    ...(body.logprobs === true ? { topLogprobs: body.top_logprobs ?? 0 } : {}),
    ...(key == null ? {} : { conversation: `${login}:${key}` }),
  };
}

function messageOf(message: Message): ChatMessage {
  const content = textOf(message.content ?? '');
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', content };
    case 'user':
      return { role: 'user', content };
    case 'tool':
      return { role: 'tool', content, toolCallId: message.tool_call_id ?? '' };
    case 'assistant': {
      const toolCalls = (message.tool_calls ?? []).map(({ id, function: { name, ...called } }) => ({
        id,
        name,
        arguments: called.arguments.toWellFormed(),
      }));
      return { role: 'assistant', content, ...(toolCalls.length > 0 ? { toolCalls } : {}) };
    }
  }
}

/** Parts that are texts, one after the other; half characters become whole ones. */
function textOf(content: Content): string {
  const text =
    typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('');
  return text.toWellFormed();
}

function toolOf({ function: { name, description, parameters, strict } }: Given): Tool {
  return {
    name,
    ...(description == null ? {} : { description: description.toWellFormed() }),
    ...(parameters == null ? {} : { parameters }),
    ...(strict === true ? { strict } : {}),
  };
}
type Given = NonNullable<ChatRequest['tools']>[number];

function formatOf(format: ChatRequest['response_format']): Pick<Wish, 'format'> {
  if (format == null || format.type === 'text') return {};
  const schema = format.type === 'json_schema' ? format.json_schema?.schema : undefined;
  return { format: { kind: 'json', ...(schema == null ? {} : { schema }) } };
}
