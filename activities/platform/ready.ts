/** Telling the supervisor that this process does its work from now on. */
import type { Log } from './logging.js';

/** An IPC message `ready` where there is a channel, and a log line in any case. */
export function sayReady(log: Log): void {
  process.send?.('ready');
  log.info({ ready: true }, 'ready');
}
