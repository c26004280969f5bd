/** The toy that answers where no model is configured. */
import { createHash } from 'node:crypto';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chainToy } from './toy.js';

/** Everything that it can say, in the tokens that it says it with: none twice. */
const WORDS = [
  ...['I am', ' a toy', ', not', ' a language', ' model:', ' this is', ' all that', ' I can'],
  ...[' say.', ' Bring', ' a real', ' one:', ' slipway models pull', ' <path', ' | URL'],
  ...[' | hf:owner/name:file>', ', then', ' slipway models serve', '.'],
];

export const TOY_NAME = 'toy';
export const TOY_TEXT = WORDS.join('');

/** Repeatable: the file is named by what is in it. @returns where it lies, and its digest. */
export async function writeProductToy(folder: string): Promise<{ path: string; digest: string }> {
  const bytes = chainToy({ says: WORDS });
  const hex = createHash('sha256').update(bytes).digest('hex');
  const path = join(folder, `toy-${hex.slice(0, 12)}.gguf`);
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== bytes.length) {
    await mkdir(folder, { recursive: true });
    const partial = `${path}.${process.pid}`;
    await writeFile(partial, bytes);
    await rename(partial, path);
  }
  return { path, digest: `sha256:${hex}` };
}
