/** Follows the tip of the GitOps repository: told by the file system, and looking by itself in case. */

import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { wordsOf } from '../../platform/errors.js';
import type { BareRepository } from '../git.repository.js';

const POLL_MS = 200;

/**
 * Calls `moved` with each new tip, one call at a time; tips that came and went meanwhile are left out.
 * A call that throws is made again with the next look. Returns how to stop, once a first look is done.
 */
export async function follow(
  repository: BareRepository,
  moved: (head: string) => Promise<void>,
  say: (line: string) => void,
): Promise<() => void> {
  let followed = '';
  let looking = false;
  let complained = '';
  let watcher: FSWatcher | undefined;

  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const head = await repository.head();
      if (head !== null) watcher ??= watchHeads(repository.path, () => void look());
      if (head !== null && head !== followed) {
        await moved(head);
        followed = head;
      }
      complained = '';
    } catch (error) {
      const words = wordsOf(error);
      if (words !== complained) say(`the GitOps repository cannot be followed: ${words}`);
      complained = words;
    } finally {
      looking = false;
    }
  };

  const timer = setInterval(() => void look(), POLL_MS);
  await look();
  return () => {
    clearInterval(timer);
    watcher?.close();
  };
}

function watchHeads(path: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(join(path, 'refs/heads'), changed);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined; // No watches left on this machine: looking by itself is enough.
  }
}
