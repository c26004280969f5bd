import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readGguf } from './gguf.js';
import { adapterBytes, ggufBytes, type Spoilt, writeGguf } from './gguf.testing.js';
import { BadModelFile } from './model-errors.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-gguf-'));
});
afterEach(() => rm(folder, { recursive: true }));

const fileOf = async (bytes: Buffer): Promise<string> => {
  const path = join(folder, 'model.gguf');
  await writeFile(path, bytes);
  return path;
};

describe('a GGUF file', () => {
  it('says what model it is', async () => {
    const bytes = ggufBytes();
    expect(await readGguf(await fileOf(bytes))).toEqual({
      kind: 'base',
      architecture: 'llama',
      name: 'small',
      contextTokens: 512,
      parameters: 24,
      quantisation: 'F16',
      hasChatTemplate: true,
      tensors: 1,
      bytes: bytes.length,
    });
  });

  it('may be an adapter, and may say less', async () => {
    const values = { 'general.name': undefined, 'tokenizer.chat_template': undefined };
    const quiet = await readGguf(await writeGguf(join(folder, 'quiet.gguf'), { values }));
    expect(quiet).toMatchObject({ name: null, hasChatTemplate: false });
    const adapter = await readGguf(await fileOf(adapterBytes()));
    expect(adapter).toMatchObject({ kind: 'adapter', contextTokens: null });
  });

  it('may have a vocabulary that is longer than the first read', async () => {
    const tokens = Array.from({ length: 60_000 }, (_, index) => `token-${index}-${'x'.repeat(16)}`);
    const bytes = ggufBytes({ values: { 'tokenizer.ggml.tokens': tokens } });
    expect(bytes.length).toBeGreaterThan(2_000_000);
    expect((await readGguf(await fileOf(bytes))).contextTokens).toBe(512);
  });

  it.each<[string, Spoilt, string]>([
    ['has no heads', without('llama.attention.head_count'), 'llama.attention.head_count'],
    ['has no feed forward', without('llama.feed_forward_length'), 'llama.feed_forward_length'],
    ['has no architecture', without('general.architecture'), 'does not say its architecture'],
    ['has no context', without('llama.context_length'), 'llama.context_length'],
    ['has no tokenizer', without('tokenizer.ggml.model'), 'no tokenizer'],
    ['lost the end of its weights', { cut: 8 }, 'it is cut off'],
    ['lost the end of its header', { cut: 100 }, 'it is cut off'],
    ['is an adapter of an unknown kind', { values: { 'general.type': 'adapter' } }, 'none of LoRA'],
  ])('is refused when it %s', async (_what, spoilt, why) => {
    const path = await writeGguf(join(folder, 'bad.gguf'), spoilt);
    const error = await readGguf(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BadModelFile);
    expect((error as Error).message).toContain(why);
  });

  it('that is not on this machine is told so', async () => {
    await expect(readGguf(join(folder, 'none.gguf'))).rejects.toThrow('not on this machine');
  });

  it('is refused when it is something else, without being read as a whole', async () => {
    const huge = Buffer.concat([ggufBytes().subarray(0, 16), Buffer.alloc(8, 0xff)]);
    for (const bytes of [Buffer.alloc(0), Buffer.from('#!/bin/sh\nexit 0\n'), huge]) {
      await expect(readGguf(await fileOf(bytes))).rejects.toThrow(BadModelFile);
    }
  });
});

function without(key: string): Spoilt {
  return { values: { [key]: undefined } };
}
