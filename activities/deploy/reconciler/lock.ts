/** One reconciler per home. The lock names its holder; a holder that is gone holds nothing. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from './processes.js';

/** Takes the lock. @returns how to give it back. @throws {Error} when another reconciler has it. */
export function takeLock(file: string): () => void {
  mkdirSync(dirname(file), { recursive: true });
  const own = JSON.stringify(identify(process.pid));
  for (;;) {
    try {
      writeFileSync(file, own, { flag: 'wx', mode: 0o600 });
      return () => {
        if (read(file) === own) rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const text = read(file);
    const holder = parse(text);
    if (holder && isAlive(holder)) {
      throw new Error(
        `process ${holder.pid} is already the reconciler of this home (lock "${file}"); ` +
          'end it, or choose another SLIPWAY_HOME',
      );
    }
    removeExactly(file, text);
  }
}

/** Takes away the lock that we have read, not one that somebody else has taken since. */
function removeExactly(file: string, text: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (read(aside) === text) rmSync(aside, { force: true });
  else renameSync(aside, file);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function parse(text: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
