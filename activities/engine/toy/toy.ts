/**
 * Tiny llama-architecture models with fixed texts: no language models, but real files for a real engine.
 *
 * Attention and feed-forward add nothing, so the last token alone decides the next one: every token has a
 * random vector, and the output row of a token is the vector of the one before it. The text of a chain is
 * therefore exact at any temperature up to 2, and the same on every machine.
 */
import { type Tensor, type Value, writeGguf } from './gguf.write.js';
import { randomOf } from './random.js';
import { type Vocabulary, vocabularyOf } from './vocabulary.js';

export interface Chain {
  /** Texts, or bytes like `<0xC3>`, each of them one token; none twice. What it says after any prompt. */
  says: readonly string[];
  /** After the last comes the first again: it never ends. */
  isEndless?: boolean;
  /** Width of its vectors; 64 is enough for the text, more makes it slower. A multiple of 64. */
  width?: number;
  /** Layers that add nothing but work. Default 1. */
  layers?: number;
  /** Default: ChatML. */
  template?: string;
}

/** Tokens of its context, at most. */
const TOY_CONTEXT = 32_768;
const HEAD_WIDTH = 64;

/** A model that says `says`. About 0.3 MB at a width of 64. */
export function chainToy({
  says,
  isEndless = false,
  width = 64,
  layers = 1,
  template,
}: Chain): Buffer {
  const vocabulary = vocabularyOf(says, template);
  const chain = says.map(vocabulary.token);
  if (new Set(chain).size < chain.length) throw new Error('a chain has every token once');
  const vectors = vectorsOf(vocabulary, chain, width);
  const rows = new Float32Array(vocabulary.size * width);
  const follow = (after: number, next: number) =>
    rows.set(vectors.subarray(after * width, (after + 1) * width), next * width);
  chain.slice(1).forEach((next, index) => {
    follow(chain[index] ?? 0, next);
  });
  const last = chain.at(-1) ?? 0;
  const first = chain[0] ?? 0;
  rows.set(commonVector(width), first * width);
  if (!isEndless) follow(last, vocabulary.end);
  else for (let i = 0; i < width; i++) rows[first * width + i]! += vectors[last * width + i]!;
  const blocks = Array.from({ length: layers }, (_each, index) => quietBlock(index, width)).flat();
  return modelOf({ vocabulary, width, layers }, [
    { name: 'token_embd.weight', dims: [width, vocabulary.size], data: vectors },
    { name: 'output.weight', dims: [width, vocabulary.size], data: rows },
    ...blocks,
  ]);
}

/** A model of random weights: gibberish with invalid UTF-8, but the same for the same `seed`. */
export function randomToy(seed = 1): Buffer {
  const width = HEAD_WIDTH;
  const vocabulary = vocabularyOf([]);
  const random = randomOf(seed);
  const matrix = (name: string, inputs: number, outputs: number, size = 0.3): Tensor => ({
    name,
    dims: [inputs, outputs],
    data: Float32Array.from({ length: inputs * outputs }, () => (random() - 0.5) * 2 * size),
  });
  return modelOf({ vocabulary, width, layers: 1 }, [
    matrix('token_embd.weight', width, vocabulary.size, 1),
    matrix('output.weight', width, vocabulary.size, 0.4),
    ones('blk.0.attn_norm.weight', width),
    ones('blk.0.ffn_norm.weight', width),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].map((name) =>
      matrix(`blk.0.${name}.weight`, width, width),
    ),
    ...['ffn_gate', 'ffn_up', 'ffn_down'].map((name) =>
      matrix(`blk.0.${name}.weight`, width, width),
    ),
  ]);
}

/** A LoRA adapter for a chain: its answers begin at `from` of what the chain says. */
export function beginningAt(from: string, { says, width = 64 }: Chain): Buffer {
  const vocabulary = vocabularyOf(says);
  const output = new Float32Array(vocabulary.size);
  output[vocabulary.token(from)] = 2;
  return writeGguf(
    {
      'general.type': { type: 'string', value: 'adapter' },
      'general.architecture': { type: 'string', value: 'llama' },
      'general.name': { type: 'string', value: `begins at ${from}` },
      'adapter.type': { type: 'string', value: 'lora' },
      'adapter.lora.alpha': { type: 'f32', value: 1 },
    },
    [
      { name: 'output.weight.lora_a', dims: [width, 1], data: commonVector(width) },
      { name: 'output.weight.lora_b', dims: [1, vocabulary.size], data: output },
    ],
  );
}

/** A file that every check of llama.cpp passes, until it aborts its process: for crash tests. */
export function abortingToy(): Buffer {
  const vocabulary = vocabularyOf([]);
  const metadata = metadataOf({ vocabulary, width: HEAD_WIDTH, layers: 1 });
  delete metadata['llama.attention.head_count'];
  return writeGguf(metadata, []);
}

interface Shape {
  vocabulary: Vocabulary;
  width: number;
  layers: number;
}

function modelOf(shape: Shape, tensors: readonly Tensor[]): Buffer {
  return writeGguf(metadataOf(shape), [ones('output_norm.weight', shape.width), ...tensors]);
}

function metadataOf({ vocabulary, width, layers }: Shape): Record<string, Value> {
  const u32 = (value: number): Value => ({ type: 'u32', value });
  return {
    'general.architecture': { type: 'string', value: 'llama' },
    'general.name': { type: 'string', value: 'toy' },
    'llama.context_length': u32(TOY_CONTEXT),
    'llama.embedding_length': u32(width),
    'llama.block_count': u32(layers),
    'llama.feed_forward_length': u32(width),
    'llama.attention.head_count': u32(width / HEAD_WIDTH),
    'llama.attention.layer_norm_rms_epsilon': { type: 'f32', value: 1e-5 },
    ...vocabulary.metadata,
  };
}

/** Tokens outside the chain share most of their vector: after any of them comes the first of the chain. */
function vectorsOf({ size }: Vocabulary, chain: readonly number[], width: number): Float32Array {
  const random = randomOf(7);
  const vectors = new Float32Array(size * width);
  const common = commonVector(width);
  const isChained = new Set(chain);
  for (let token = 0; token < size; token++) {
    for (let i = 0; i < width; i++) {
      const own = random() < 0.5 ? -1 : 1;
      vectors[token * width + i] = isChained.has(token) ? own : (common[i] ?? 0) + own / 4;
    }
  }
  return vectors;
}

function commonVector(width: number): Float32Array {
  const random = randomOf(3);
  return Float32Array.from({ length: width }, () => (random() < 0.5 ? -1 : 1));
}

function quietBlock(index: number, width: number): Tensor[] {
  const square = (name: string): Tensor => ({
    name: `blk.${index}.${name}.weight`,
    dims: [width, width],
    data: new Float32Array(width * width),
  });
  return [
    ones(`blk.${index}.attn_norm.weight`, width),
    ones(`blk.${index}.ffn_norm.weight`, width),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].map(square),
    ...['ffn_gate', 'ffn_up', 'ffn_down'].map(square),
  ];
}

function ones(name: string, length: number): Tensor {
  return { name, dims: [length], data: new Float32Array(length).fill(1) };
}
