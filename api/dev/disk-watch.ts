/** Says when the disk of the home is nearly full, and when there is room again. */
import { diskTrouble } from '../../activities/platform/machine.js';

/** With less than this PostgreSQL and Temporal may not live. Bytes (32 MiB). */
const NEEDED_BYTES = 33_554_432;
const LOOK_EVERY_MS = 5_000;

export interface DiskWatch {
  /** What is wrong with the disk now; undefined when nothing is. */
  trouble: () => string | undefined;
  stop: () => void;
}

export function watchDisk(
  home: string,
  say: (text: string) => void,
  { needBytes = NEEDED_BYTES, everyMs = LOOK_EVERY_MS } = {},
): DiskWatch {
  const trouble = (): string | undefined => diskTrouble(home, needBytes)?.message;
  let isFull = false;
  const timer = setInterval(() => {
    const now = trouble();
    if (now !== undefined && !isFull) say(`${now}; make room: work waits, and goes on by itself`);
    if (now === undefined && isFull) say(`there is room again on the disk that holds "${home}"`);
    isFull = now !== undefined;
  }, everyMs);
  timer.unref();
  return { trouble, stop: () => clearInterval(timer) };
}
