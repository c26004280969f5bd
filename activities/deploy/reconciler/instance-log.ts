/** The log of an instance: written by the instance itself, so that it needs nobody; kept small by us. */
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { machineTrouble } from '../../platform/machine.js';

/** A log larger than this becomes `<log>.1`, and starts again. Bytes (10 MiB). */
const MAX_LOG_BYTES = 10_485_760;
/** How much of a log is shown when an instance ended. */
const SHOWN_LINES = 5;
const SHOWN_CHARS = 600;
const TAIL_BYTES = 4_096;
const STARTED = '=== started ';

/** Says in the log that another instance begins here. */
export function beginLog(logFile: string): void {
  appendFileSync(logFile, `${STARTED}${new Date().toISOString()} ===\n`, { mode: 0o600 });
}

/** The instance appends, so it goes on at the new end of the emptied file. */
export function keepSmall(logFile: string, maxBytes: number = MAX_LOG_BYTES): void {
  try {
    if (statSync(logFile).size <= maxBytes) return;
    keepOlder(logFile);
    truncateSync(logFile);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Where there is no room for the older part, it goes: that makes room. */
function keepOlder(logFile: string): void {
  try {
    copyFileSync(logFile, `${logFile}.1`);
  } catch (error) {
    if (!machineTrouble(error)) throw error;
    rmSync(`${logFile}.1`, { force: true });
  }
}

/** The last lines of the last instance in one; empty when there are none. */
export function lastLines(logFile: string): string {
  try {
    const { size } = statSync(logFile);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const file = openSync(logFile, 'r');
    readSync(file, tail, 0, tail.length, size - tail.length);
    closeSync(file);
    const text = tail.toString();
    const begins = text.lastIndexOf(STARTED);
    const own = begins < 0 ? text : text.slice(text.indexOf('\n', begins));
    const lines = own
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
    return lines.slice(-SHOWN_LINES).join(' | ').slice(-SHOWN_CHARS);
  } catch {
    return '';
  }
}
