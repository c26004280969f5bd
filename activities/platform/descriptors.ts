/** Says when a process has no file descriptor left: nothing else does, it just refuses connections. */
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import type { Log } from './logging.js';
import { machineTrouble } from './machine.js';

const LOOK_EVERY_MS = 2_000;

/** Looks as long as the process lives; keeps none alive. Returns how to stop. */
export function watchDescriptors(
  log: Pick<Log, 'warn' | 'info'>,
  { look = takeOne, everyMs = LOOK_EVERY_MS } = {},
): () => void {
  let areGone = false;
  const timer = setInterval(() => {
    const trouble = troubleOf(look);
    if (trouble && !areGone) log.warn({ help: trouble.help }, trouble.message);
    if (!trouble && areGone) log.info('there are file descriptors again');
    areGone = trouble !== undefined;
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function troubleOf(look: () => void) {
  try {
    look();
    return undefined;
  } catch (error) {
    return machineTrouble(error);
  }
}

function takeOne(): void {
  closeSync(openSync(devNull, 'r'));
}
