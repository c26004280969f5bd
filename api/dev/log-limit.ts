/** Logs of our own processes have a limit: what is beyond it moves to one older file, then goes. */
import { copyFile, stat, truncate } from 'node:fs/promises';

/** A log's size before it is cut, and how often it is looked at. */
export const MAX_LOG_FILE_BYTES = 10_485_760;
const LOOK_EVERY_MS = 60_000;

/** Keeps `file` below the limit while its process appends to it. Returns how to stop looking. */
export function limitLog(file: string, lookEveryMs = LOOK_EVERY_MS): () => void {
  const timer = setInterval(() => {
    // A log that cannot be cut now is cut at the next look.
    void cutLog(file).catch(() => {});
  }, lookEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Moves a log that is too long to `<file>.old`; the writer, which appends, goes on in an empty file. */
export async function cutLog(file: string): Promise<boolean> {
  const { size } = await stat(file);
  if (size <= MAX_LOG_FILE_BYTES) return false;
  await copyFile(file, `${file}.old`);
  await truncate(file);
  return true;
}
