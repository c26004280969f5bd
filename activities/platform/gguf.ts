/**
 * What a GGUF file says of itself, read before any engine sees it: an engine that is given a malformed
 * one may end with an abort that nothing catches.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { GgufHeader, type Header, NeedsMore } from './gguf.header.js';
import { quantisationOf, tensorBytes } from './gguf.types.js';
import { BadModelFile } from './model-errors.js';

export interface GgufFacts {
  kind: 'base' | 'adapter';
  /** `llama`, `gemma3`, `qwen2`. */
  architecture: string;
  /** What the file calls itself; null when it does not. */
  name: string | null;
  /** Tokens that it was made for; null for an adapter. */
  contextTokens: number | null;
  /** Weights in all tensors. */
  parameters: number;
  /** `Q4_K_M`, `F16`. */
  quantisation: string;
  hasChatTemplate: boolean;
  tensors: number;
  bytes: number;
}

/** Vocabularies and templates of the largest models take about 30 MiB. Bytes (64 MiB). */
const MAX_HEADER_BYTES = 67_108_864;
const FIRST_READ_BYTES = 1_048_576;
const DEFAULT_ALIGNMENT = 32;
/** Without these an engine ends with an abort instead of an error. */
const NEEDED = ['attention.head_count', 'feed_forward_length'];
/** Architectures that have no attention of the usual kind, and so no such keys. */
const WITHOUT_ATTENTION = /^(mamba|rwkv|arwkv|jamba|falcon-h1|granitehybrid|nemotron_h|lfm2)/;

/**
 * Repeatable; reads the header only.
 *
 * @throws {BadModelFile} that says what is wrong with it.
 */
export async function readGguf(path: string): Promise<GgufFacts> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? absent(error) : error;
  });
  try {
    const { size } = await file.stat();
    return factsOf(await headerOf(file, size), size);
  } finally {
    await file.close();
  }
}

/** Reads twice as much until the header is whole: its length is written nowhere. */
async function headerOf(file: FileHandle, size: number): Promise<Header> {
  for (let wanted = FIRST_READ_BYTES; ; wanted *= 2) {
    const bytes = Buffer.allocUnsafe(Math.min(wanted, size));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    try {
      return new GgufHeader(bytes.subarray(0, bytesRead)).read();
    } catch (error) {
      if (!(error instanceof NeedsMore)) throw error;
      if (wanted >= size) throw bad('it ends before its header does: it is cut off');
      if (wanted >= MAX_HEADER_BYTES)
        throw bad(`its header has more than ${MAX_HEADER_BYTES} bytes`);
    }
  }
}

function factsOf({ values, tensors, end }: Header, size: number): GgufFacts {
  const architecture = values.get('general.architecture');
  if (typeof architecture !== 'string' || architecture === '') {
    throw bad('it does not say its architecture');
  }
  const kind = values.get('general.type') === 'adapter' ? 'adapter' : 'base';
  const numberOf = (key: string): number | undefined => {
    const value = values.get(key);
    return typeof value === 'number' ? value : undefined;
  };
  if (kind === 'base') demandBase(architecture, values);
  else if (values.get('adapter.type') !== 'lora') throw bad('it is an adapter, and none of LoRA');
  const alignment = numberOf('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (alignment < 1 || alignment % 8 !== 0) throw bad(`its alignment is ${alignment}`);
  demandWhole({ values, tensors, end }, alignment, size);
  const name = values.get('general.name');
  return {
    kind,
    architecture,
    name: typeof name === 'string' ? name.slice(0, 200) : null,
    contextTokens: numberOf(`${architecture}.context_length`) ?? null,
    parameters: tensors.reduce((sum, { weights }) => sum + weights, 0),
    quantisation: quantisationOf(values.get('general.file_type'), mostOf(tensors)),
    hasChatTemplate: typeof values.get('tokenizer.chat_template') === 'string',
    tensors: tensors.length,
    bytes: size,
  };
}

function demandBase(architecture: string, values: Header['values']): void {
  const contextTokens = values.get(`${architecture}.context_length`);
  if (typeof contextTokens !== 'number' || contextTokens < 1) {
    throw bad(`it does not say ${architecture}.context_length`);
  }
  if (typeof values.get('tokenizer.ggml.model') !== 'string') throw bad('it has no tokenizer');
  if (WITHOUT_ATTENTION.test(architecture)) return;
  const missing = NEEDED.map((key) => `${architecture}.${key}`).find((key) => !values.has(key));
  if (missing) throw bad(`it does not say ${missing}`);
}

/** All tensors lie within the file: one that does not is read from nowhere, later. */
function demandWhole({ tensors, end }: Header, alignment: number, size: number): void {
  if (tensors.length === 0) throw bad('it has no tensors');
  const data = Math.ceil(end / alignment) * alignment;
  for (const { name, offset, type, weights } of tensors) {
    const last = data + offset + (tensorBytes(type, weights) ?? 1);
    if (offset % alignment !== 0) throw bad(`its tensor "${name}" lies at an odd place`);
    if (last > size) {
      throw bad(
        `its tensor "${name}" ends at byte ${last}, and the file has ${size}: it is cut off`,
      );
    }
  }
}

function mostOf(tensors: Header['tensors']): number {
  const counts = new Map<number, number>();
  for (const { type, weights } of tensors) counts.set(type, (counts.get(type) ?? 0) + weights);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? 0;
}

function absent(cause: Error): BadModelFile {
  const help = 'Pull it here again, or let all replicas share one artifact store.';
  return new BadModelFile('the file of this model is not on this machine', help, { cause });
}

function bad(why: string): BadModelFile {
  const help = 'Take a GGUF file that llama.cpp can load, and look whether it came whole.';
  return new BadModelFile(`this is no model that we can load: ${why}`, help);
}
