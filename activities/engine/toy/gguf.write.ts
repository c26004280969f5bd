/** Writes GGUF, version 3: the file format of language models for llama.cpp. Little-endian, in memory. */

const MAGIC = 0x46_55_47_47;
const VERSION = 3;
const ALIGNMENT = 32;
const F32 = 0;

const TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

export type Value =
  | { type: 'u32' | 'i32' | 'f32'; value: number }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | { type: 'strings'; value: readonly string[] }
  | { type: 'f32s' | 'i32s'; value: readonly number[] };

export interface Tensor {
  name: string;
  /** Innermost first, as ggml counts them. */
  dims: readonly number[];
  data: Float32Array;
}

export function writeGguf(metadata: Record<string, Value>, tensors: readonly Tensor[]): Buffer {
  const entries = Object.entries(metadata);
  const parts = [u32(MAGIC), u32(VERSION), u64(tensors.length), u64(entries.length)];
  for (const [key, value] of entries) parts.push(text(key), ...valueBytes(value));
  let offset = 0;
  for (const { name, dims, data } of tensors) {
    parts.push(text(name), u32(dims.length), ...dims.map(u64), u32(F32), u64(offset));
    offset = padded(offset + data.byteLength);
  }
  const head = Buffer.concat(parts);
  const file = Buffer.alloc(padded(head.length) + offset);
  head.copy(file);
  let at = padded(head.length);
  for (const { data } of tensors) {
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).copy(file, at);
    at = padded(at + data.byteLength);
  }
  return file;
}

function valueBytes(given: Value): Buffer[] {
  switch (given.type) {
    case 'string':
      return [u32(TYPE.string), text(given.value)];
    case 'bool':
      return [u32(TYPE.bool), Buffer.from([Number(given.value)])];
    case 'u32':
    case 'i32':
    case 'f32':
      return [u32(TYPE[given.type]), number(given.type, given.value)];
    case 'strings':
      return [...arrayHead(TYPE.string, given.value.length), ...given.value.map(text)];
    case 'f32s':
      return [
        ...arrayHead(TYPE.f32, given.value.length),
        ...given.value.map((each) => number('f32', each)),
      ];
    case 'i32s':
      return [
        ...arrayHead(TYPE.i32, given.value.length),
        ...given.value.map((each) => number('i32', each)),
      ];
  }
}

function arrayHead(type: number, length: number): Buffer[] {
  return [u32(TYPE.array), u32(type), u64(length)];
}

function number(type: 'u32' | 'i32' | 'f32', value: number): Buffer {
  if (type === 'u32') return u32(value);
  const bytes = Buffer.alloc(4);
  if (type === 'i32') bytes.writeInt32LE(value);
  else bytes.writeFloatLE(value);
  return bytes;
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

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
