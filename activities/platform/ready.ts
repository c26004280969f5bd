/** What a process tells the supervisor that started it: that it works, and that it still lives. */
import type { Log } from './logging.js';

/** An IPC message `ready` where there is a channel, and a log line in any case. */
export function sayReady(log: Log): void {
  process.send?.('ready');
  answerPings();
  log.info({ ready: true }, 'ready');
}

/** Answers the supervisor's questions whether we still live; see api/dev/pulse.ts. */
export function answerPings(): void {
  if (!process.send) return;
  process.on('message', (message) => {
    if (message === 'ping') process.send?.('pong', () => {}); // Who asked may be gone by now.
  });
}
