/**
 * How much of a prompt holds nobody's words: the instructions and tools at its beginning, as the model's
 * template writes them. Only that may be known from what others asked.
 */
import { createHash } from 'node:crypto';
import type { ChatWrapper, LlamaModel, Token } from 'node-llama-cpp';
import type { ChatMessage, Tool } from '../../../workflows/domain/chat.js';
import { type Asked, promptOf } from './prompt.js';

/** Two questions with nothing in common: what their prompts begin with alike is no part of them. */
const QUESTIONS = ['A', '0'];
const MAX_KEPT = 64;

export class Commons {
  private readonly kept = new Map<string, readonly Token[]>();

  constructor(
    private readonly model: LlamaModel,
    private readonly wrapper: ChatWrapper,
  ) {}

  /** Of these tokens, which are the wish's prompt. 0 for a plain text: all of it is somebody's. */
  countOf({ prompt, tools = [], toolChoice }: Asked, tokens: readonly Token[]): number {
    if ('text' in prompt) return 0;
    const system = instructionsOf(prompt.messages);
    const shown = toolChoice === 'none' ? [] : tools;
    const key = createHash('sha256')
      .update(JSON.stringify([system, shown]))
      .digest('base64');
    const beginning = this.kept.get(key) ?? this.beginningOf(system, shown);
    this.kept.delete(key);
    this.kept.set(key, beginning);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MAX_KEPT && oldest !== undefined) this.kept.delete(oldest);
    return alike(beginning, tokens);
  }

  private beginningOf(system: ChatMessage[], tools: Tool[]): readonly Token[] {
    const [one = [], other = []] = QUESTIONS.map((content) => {
      const messages = [...system, { role: 'user' as const, content }];
      return promptOf(this.model, this.wrapper, { tools, prompt: { messages } }).tokens;
    });
    return one.slice(0, alike(one, other));
  }
}

/** Those at the beginning: later ones stand behind what somebody said. */
function instructionsOf(messages: readonly ChatMessage[]): ChatMessage[] {
  const end = messages.findIndex(({ role }) => role !== 'system');
  return messages.slice(0, end === -1 ? messages.length : end);
}

function alike(some: readonly Token[], others: readonly Token[]): number {
  const different = some.findIndex((token, index) => token !== others[index]);
  return different === -1 ? some.length : different;
}
