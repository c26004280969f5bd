/** The tokens of a toy: bytes, printable characters, the marks of ChatML, and words of its own. */
import type { Value } from './gguf.write.js';

/** Kinds of tokens, as llama.cpp numbers them. */
const KIND = { normal: 1, unknown: 2, control: 3, userDefined: 4, byte: 6 } as const;

/** The plainest template of ChatML. */
export const CHATML = `{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`;

export interface Vocabulary {
  size: number;
  /** The token of a character, a byte (`<0x41>`), a mark, or one of the words. */
  token: (text: string) => number;
  /** Ends an answer. */
  end: number;
  metadata: Record<string, Value>;
}

/** @param words texts that are one token each, wherever they stand; the same text gives the same token. */
export function vocabularyOf(words: readonly string[], template = CHATML): Vocabulary {
  const tokens: [text: string, kind: number][] = [
    ['<unk>', KIND.unknown],
    ['<s>', KIND.control],
    ['</s>', KIND.control],
    ...bytes().map((text): [string, number] => [text, KIND.byte]),
    ['▁', KIND.normal],
    ...printable().map((text): [string, number] => [text, KIND.normal]),
    ['<|im_start|>', KIND.control],
    ['<|im_end|>', KIND.control],
  ];
  const known = new Map(tokens.map(([text], index) => [text, index]));
  for (const word of words) {
    if (known.has(word)) continue;
    known.set(word, tokens.length);
    tokens.push([word, KIND.userDefined]);
  }
  const token = (text: string) => {
    const found = known.get(text);
    if (found === undefined) throw new Error(`a toy has no token "${text}"`);
    return found;
  };
  return {
    size: tokens.length,
    token,
    end: token('<|im_end|>'),
    metadata: metadataOf(tokens, template),
  };
}

function metadataOf(tokens: readonly [string, number][], template: string): Record<string, Value> {
  return {
    'tokenizer.ggml.model': { type: 'string', value: 'llama' },
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens.map(([text]) => text) },
    'tokenizer.ggml.scores': { type: 'f32s', value: tokens.map((_each, index) => -index) },
    'tokenizer.ggml.token_type': { type: 'i32s', value: tokens.map(([, kind]) => kind) },
    'tokenizer.ggml.bos_token_id': { type: 'u32', value: 1 },
    'tokenizer.ggml.eos_token_id': {
      type: 'u32',
      value: tokens.findIndex(([text]) => text === '<|im_end|>'),
    },
    'tokenizer.ggml.unknown_token_id': { type: 'u32', value: 0 },
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: true },
    'tokenizer.ggml.add_space_prefix': { type: 'bool', value: false },
    'tokenizer.chat_template': { type: 'string', value: template },
  };
}

function bytes(): string[] {
  return Array.from(
    { length: 256 },
    (_each, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
}

function printable(): string[] {
  return Array.from({ length: 94 }, (_each, index) => String.fromCharCode(33 + index));
}
