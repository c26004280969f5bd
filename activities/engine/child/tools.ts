/** Calls of tools: how this model writes them, and how it is made to. */
import {
  type ChatModelFunctions,
  type ChatWrapper,
  type GbnfJsonSchema,
  type LlamaModel,
  LlamaText,
  SpecialTokensText,
  type Token,
} from 'node-llama-cpp';
import type { Tool, Wish } from '../../../workflows/domain/chat.js';
import { MAX_TOOLS } from '../engine.protocol.js';
import { hintsOf } from './hints.js';
import { refuse } from './refused.js';
import { grammarSchemaOf } from './schema.js';

/** @throws {Refused} for a schema that is no schema of an object. */
export function functionsOf(tools: readonly Tool[]): ChatModelFunctions {
  if (tools.length > MAX_TOOLS) throw refuse(`${tools.length} tools; there may be ${MAX_TOOLS}`);
  const found = new Map<string, { description?: string; params?: GbnfJsonSchema }>();
  for (const tool of tools) {
    if (found.has(tool.name)) throw refuse(`two tools have the name "${tool.name}"`);
    found.set(tool.name, {
      ...(tool.description === undefined ? {} : { description: tool.description }),
      ...(hasArguments(tool) ? { params: argumentsOf(tool) } : {}),
    });
  }
  return Object.fromEntries(found);
}

export function hasArguments({ parameters }: Tool): boolean {
  if (parameters === undefined) return false;
  const properties = parameters['properties'] as object | undefined;
  return Object.keys(properties ?? {}).length > 0 || '$ref' in parameters;
}

/** All of the schema where it is strict, else what a grammar can keep of it. */
export function argumentsOf({ name, parameters = {}, strict = false }: Tool): GbnfJsonSchema {
  const schema = grammarSchemaOf(strict ? parameters : hintsOf(parameters));
  if ('type' in schema && schema.type === 'object') return schema;
  throw refuse(`the parameters of tool "${name}" are no schema of an object`);
}

/** The tools that may be called; none when the answer must be text. */
export function callable({ tools = [], toolChoice = 'auto', prompt }: Wish): readonly Tool[] {
  if (toolChoice === 'none' || 'text' in prompt) return [];
  if (typeof toolChoice === 'string') {
    if (toolChoice === 'required' && tools.length === 0)
      throw refuse('a call is required of no tool');
    return tools;
  }
  const named = tools.filter(({ name }) => name === toolChoice.name);
  if (named.length === 0) throw refuse(`there is no tool "${toolChoice.name}" to call`);
  return named;
}

/** How this model's template writes a call, and what tells that it has begun one. */
export interface CallSyntax {
  prefix: LlamaText;
  beforeArguments: LlamaText;
  trigger: { token: Token } | { texts: string[] };
}

export function callSyntaxOf(model: LlamaModel, wrapper: ChatWrapper): CallSyntax {
  const { prefix, paramsPrefix, prefixAlternateMatches } = wrapper.settings.functions.call;
  const text = LlamaText(prefix);
  const [first] = text.values.filter((value) => String(value).trim() !== '');
  const special = first instanceof SpecialTokensText ? first.tokenize(model.tokenizer) : [];
  const [token] = special;
  const isMark = token !== undefined && special.length === 1 && model.isSpecialToken(token);
  const texts = [text, ...(prefixAlternateMatches ?? []).map((each) => LlamaText(each))]
    .map((each) => each.toString().trim())
    .filter((each) => each !== '');
  return {
    prefix: text,
    beforeArguments: LlamaText(paramsPrefix),
    trigger: isMark ? { token } : { texts },
  };
}

/** A grammar of nothing but these names. */
export function namesGrammar(tools: readonly Tool[]): string {
  return `root ::= ${tools.map(({ name }) => JSON.stringify(name)).join(' | ')}`;
}
