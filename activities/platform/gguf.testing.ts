/** Small GGUF files for tests: well made, and spoilt on request. No engine could say anything with them. */
import { writeFile } from 'node:fs/promises';

type Value = string | number | boolean | string[];

export interface Spoilt {
  /** Instead of, or beside, what a small llama says. Undefined leaves a key out. */
  values?: Record<string, Value | undefined>;
  /** Cut off the end, bytes. */
  cut?: number;
  /** Bytes that make this file another one. */
  padding?: string;
}

const BASE: Record<string, Value> = {
  'general.architecture': 'llama',
  'general.name': 'small',
  'general.file_type': 1,
  'llama.context_length': 512,
  'llama.embedding_length': 8,
  'llama.block_count': 1,
  'llama.feed_forward_length': 16,
  'llama.attention.head_count': 2,
  'tokenizer.ggml.model': 'llama',
  'tokenizer.ggml.tokens': ['<unk>', '<s>', '</s>'],
  'tokenizer.chat_template': '{{ messages }}',
};
const ADAPTER = {
  'general.type': 'adapter',
  'adapter.type': 'lora',
  'llama.context_length': undefined,
};

export function ggufBytes({ values = {}, cut = 0, padding = '' }: Spoilt = {}): Buffer {
  const entries = Object.entries({ ...BASE, ...values }).filter(
    (entry): entry is [string, Value] => entry[1] !== undefined,
  );
  const head = Buffer.concat([
    ...[Buffer.from('GGUF'), u32(3), u64(1), u64(entries.length)],
    ...entries.flatMap(([key, value]) => [text(key), ...valued(value)]),
    ...[text('token_embd.weight'), u32(2), u64(8), u64(3), u32(1), u64(0)],
  ]);
  const gap = Buffer.alloc((32 - (head.length % 32)) % 32);
  const whole = Buffer.concat([head, gap, Buffer.alloc(8 * 3 * 2, 1), Buffer.from(padding)]);
  return whole.subarray(0, whole.length - cut);
}

export function adapterBytes(): Buffer {
  return ggufBytes({ values: ADAPTER });
}

export async function writeGguf(path: string, spoilt?: Spoilt): Promise<string> {
  await writeFile(path, ggufBytes(spoilt));
  return path;
}

function valued(value: Value): Buffer[] {
  if (typeof value === 'string') return [u32(8), text(value)];
  if (typeof value === 'boolean') return [u32(7), Buffer.from([value ? 1 : 0])];
  if (typeof value === 'number') return [u32(4), u32(value)];
  return [u32(9), u32(8), u64(value.length), ...value.map((one) => text(one))];
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
