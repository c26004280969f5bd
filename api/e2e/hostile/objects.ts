/** Git objects as no honest git would write them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clone } from '../harness/clone.js';

let inputs = 0;

/**
 * What a git command prints that reads `input`. With `isEscaped`, printf makes bytes of what is written
 * with backslashes.
 */
export async function fed(
  clone: Clone,
  args: string,
  input: string,
  { isEscaped = false } = {},
): Promise<string> {
  const file = join(clone.folder, '.git', `input-${++inputs}`);
  await writeFile(file, input);
  const source = isEscaped ? `printf "$(cat '${file}')"` : `cat '${file}'`;
  const { stdout } = await clone.git('-c', `alias.fed=!${source} | git ${args}`, 'fed');
  return stdout.trim();
}

/** A commit of this tree. */
export async function commitOf(clone: Clone, tree: string): Promise<string> {
  return (await clone.git('commit-tree', tree, '-p', 'HEAD', '-m', 'hostile')).stdout.trim();
}

/** The body of a push that makes so many tags; a git client would take minutes to write it down. */
export function pushOfTags(commit: string, count: number, pack: Buffer): Buffer {
  const line = (text: string) => `${(text.length + 4).toString(16).padStart(4, '0')}${text}`;
  const [nothing, features] = ['0'.repeat(40), '\0report-status side-band-64k'];
  const updates = Array.from({ length: count }, (_, i) =>
    line(`${nothing} ${commit} refs/tags/t${i}${i === 0 ? features : ''}`),
  );
  return Buffer.concat([Buffer.from(`${updates.join('')}0000`), pack]);
}
