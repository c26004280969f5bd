/** What `/v1/chat/completions` takes: OpenAI's fields. Unknown ones are ignored, wrong types are not. */
import { z } from 'zod';
import { few, JsonSchema, maxTokens, sampling } from './fields.js';
import {
  MAX_DESCRIPTION_CHARS,
  MAX_MESSAGES,
  MAX_PARTS,
  MAX_TOOL_CALLS,
  MAX_TOOLS,
} from './limits.js';

const Name = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "_" or "-"');
const Id = z.string().min(1).max(200);

const Part = z.object({ type: z.string().max(50), text: z.string().nullish() });
const Content = z.union([z.string(), few(Part, MAX_PARTS)], {
  error: 'must be a text, or a list of parts like {"type": "text", "text": "…"}',
});
export type Content = z.infer<typeof Content>;

const MadeCall = z.object({
  id: Id,
  type: z.literal('function'),
  function: z.object({ name: Name, arguments: z.string() }),
});

const Message = z
  .object({
    role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
    content: Content.nullish(),
    tool_calls: few(MadeCall, MAX_TOOL_CALLS).nullish(),
    tool_call_id: Id.nullish(),
  })
  .superRefine(({ role, content, tool_calls, tool_call_id }, context) => {
    const wrong = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    const mayBeEmpty = role === 'assistant' && (tool_calls?.length ?? 0) > 0;
    if (content == null && !mayBeEmpty) wrong(['content'], 'is missing; it must be a text');
    if (role === 'tool' && tool_call_id == null) {
      wrong(['tool_call_id'], 'is missing; it must be the id of the call that this answers');
    }
    if (typeof content === 'string' || content == null) return;
    for (const [index, { type, text }] of content.entries()) {
      if (type !== 'text' && type !== 'refusal') {
        wrong(
          ['content', index, 'type'],
          `must be "text": only texts are read, not "${type.slice(0, 50)}"`,
        );
      } else if (type === 'text' && text == null) {
        wrong(['content', index, 'text'], 'is missing; it must be a text');
      }
    }
  });
export type Message = z.infer<typeof Message>;

const ToolGiven = z.object({
  type: z.literal('function', { error: 'must be "function": other tools are not offered' }),
  function: z.object({
    name: Name,
    description: z.string().max(MAX_DESCRIPTION_CHARS).nullish(),
    parameters: JsonSchema.nullish(),
    /** Arguments keep all of the schema, or the request is refused; else it is a hint. */
    strict: z.boolean().nullish(),
  }),
});

const NamedTool = z.object({ type: z.literal('function'), function: z.object({ name: Name }) });

const Format = z.object({
  type: z.enum(['text', 'json_object', 'json_schema']),
  json_schema: z.object({ name: Name, schema: JsonSchema.nullish() }).nullish(),
});

const replaced = (by: string) =>
  z.null({ error: `is no longer taken; use ${by} instead` }).optional();

export const ChatRequest = z
  .object({
    ...sampling,
    messages: few(Message, MAX_MESSAGES, 1),
    max_completion_tokens: maxTokens,
    tools: few(ToolGiven, MAX_TOOLS).nullish(),
    tool_choice: z
      .union([z.enum(['auto', 'none', 'required']), NamedTool], {
        error:
          'must be "auto", "none", "required" or {"type": "function", "function": {"name": "…"}}',
      })
      .nullish(),
    response_format: Format.nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    /** Requests with the same key share their beginnings, of the same user. */
    prompt_cache_key: z.string().max(200).nullish(),
    functions: replaced('tools'),
    function_call: replaced('tool_choice'),
  })
  .superRefine((body, context) => {
    const wrong = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const { tools, tool_choice: choice, response_format: format } = body;
    const names = (tools ?? []).map((tool) => tool.function.name);
    if (new Set(names).size < names.length) wrong('tools', 'must have names of their own');
    if (choice != null && choice !== 'none' && names.length === 0) {
      wrong('tool_choice', 'is only taken together with tools');
    } else if (typeof choice === 'object' && choice && !names.includes(choice.function.name)) {
      wrong('tool_choice', `names "${choice.function.name}", which is none of the tools`);
    }
    if (format?.type === 'json_schema' && format.json_schema == null) {
      wrong('response_format', 'must have json_schema where its type is "json_schema"');
    }
    if (body.top_logprobs != null && body.logprobs !== true) {
      wrong('top_logprobs', 'is only taken where logprobs is true');
    }
    if (body.stream_options != null && body.stream !== true) {
      wrong('stream_options', 'is only taken where stream is true');
    }
  });
export type ChatRequest = z.infer<typeof ChatRequest>;
