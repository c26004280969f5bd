/** Writes a wish down as the model was trained to read it, and counts its tokens. */
import {
  type ChatHistoryItem,
  type ChatModelFunctions,
  type ChatModelResponse,
  type ChatWrapper,
  type LlamaModel,
  LlamaText,
  SpecialToken,
  type Token,
} from 'node-llama-cpp';
import type { ChatMessage, Wish } from '../../../workflows/domain/chat.js';
import { refuse } from './refused.js';
import { functionsOf } from './tools.js';

export interface Prompt {
  /** What tokens are made of; more text may be put behind it. */
  text: LlamaText;
  tokens: Token[];
  /** What ends an answer beside the model's own end tokens. */
  stopTexts: string[];
  stopTokens: ReadonlySet<Token>;
}

/** What the prompt is made of, and nothing else of the wish. */
export type Asked = Pick<Wish, 'prompt' | 'tools' | 'toolChoice'>;

/** @throws {Refused} for messages in an order that no model knows. */
export function promptOf(model: LlamaModel, wrapper: ChatWrapper, wish: Asked): Prompt {
  if ('text' in wish.prompt) {
    const begin = model.tokens.shouldPrependBosToken ? [new SpecialToken('BOS')] : [];
    return written(model, LlamaText([...begin, wish.prompt.text]), []);
  }
  const functions = wish.toolChoice === 'none' ? {} : functionsOf(wish.tools ?? []);
  const state = wrapper.generateContextState({
    chatHistory: historyOf(wish.prompt.messages),
    ...availableIn(functions),
  });
  const inject = state.noPrefixTrigger?.type === 'response' ? state.noPrefixTrigger.inject : '';
  return written(model, LlamaText([state.contextText, inject]), state.stopGenerationTriggers);
}

function availableIn(functions: ChatModelFunctions) {
  if (Object.keys(functions).length === 0) return {};
  return { availableFunctions: functions, documentFunctionParams: true };
}

function written(model: LlamaModel, text: LlamaText, triggers: readonly LlamaText[]): Prompt {
  const stopTokens = new Set<Token>();
  const stopTexts: string[] = [];
  for (const trigger of triggers) {
    if (trigger.values.every((value) => typeof value === 'string')) {
      stopTexts.push(trigger.toString());
      continue;
    }
    const tokens = trigger.tokenize(model.tokenizer);
    if (tokens.length === 1 && tokens[0] !== undefined) stopTokens.add(tokens[0]);
  }
  return {
    text,
    tokens: text.tokenize(model.tokenizer),
    stopTexts: stopTexts.filter((each) => each !== ''),
    stopTokens,
  };
}

/** The last item is the answer, still empty. Calls and their results belong to the turn that made them. */
function historyOf(messages: readonly ChatMessage[]): ChatHistoryItem[] {
  if (messages.length === 0) throw refuse('the conversation has no messages');
  const items: ChatHistoryItem[] = [];
  const calls = new Map<string, { result: unknown }>();
  let turn: ChatModelResponse | undefined;
  for (const message of messages) {
    if (message.role === 'assistant') {
      if (turn === undefined) {
        turn = { type: 'model', response: [] };
        items.push(turn);
      }
      if (message.content !== '') turn.response.push(message.content);
      for (const call of message.toolCalls ?? []) turn.response.push(remembered(call, calls));
      if (!message.toolCalls?.length) turn = undefined;
    } else if (message.role === 'tool') {
      const call = calls.get(message.toolCallId);
      if (!call) throw refuse(`a tool answers call "${message.toolCallId}", which nobody made`);
      call.result = parsed(message.content);
      calls.delete(message.toolCallId);
    } else {
      turn = undefined;
      items.push({ type: message.role, text: message.content });
    }
  }
  const [open] = calls.keys();
  if (open !== undefined) throw refuse(`call "${open}" has no answer from its tool`);
  if (turn === undefined) items.push({ type: 'model', response: [''] });
  return items;
}

function remembered(
  call: { id: string; name: string; arguments: string },
  calls: Map<string, { result: unknown }>,
) {
  const made = {
    type: 'functionCall' as const,
    name: call.name,
    params: parsed(call.arguments),
    result: undefined as unknown,
  };
  calls.set(call.id, made);
  return made;
}

/** Results and arguments are JSON where they can be read as such, else text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
