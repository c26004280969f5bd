/** How many tokens a text has, about: only its model's server knows, and says so afterwards. */
import type { Wish } from '../../workflows/domain/chat.js';

/** English has about four characters a token; what is no ASCII has more tokens. */
const CHARS_PER_TOKEN = 4;
/** Of the words that a template puts around each message. */
const TOKENS_PER_MESSAGE = 4;

export function tokensOf(text: string): number {
  const others = text.match(/[\u0080-\uffff]/g)?.length ?? 0;
  return Math.ceil((text.length - others) / CHARS_PER_TOKEN + others);
}

export function promptTokens({ prompt, tools }: Pick<Wish, 'prompt' | 'tools'>): number {
  const ofTools = tools === undefined ? 0 : tokensOf(JSON.stringify(tools));
  if ('text' in prompt) return ofTools + tokensOf(prompt.text);
  return prompt.messages.reduce((sum, message) => {
    const calls = 'toolCalls' in message ? tokensOf(JSON.stringify(message.toolCalls)) : 0;
    return sum + tokensOf(message.content) + calls + TOKENS_PER_MESSAGE;
  }, ofTools);
}
