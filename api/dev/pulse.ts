/** Whether a process of ours still answers: a hung one looks alive, and does nothing. */
import type { ChildProcess } from 'node:child_process';

/** Between two questions, milliseconds. */
const ASK_EVERY_MS = 5_000;
/** So many questions without an answer are said; so many end the process: 15 s and 60 s. */
const SAID_AFTER = 3;
const ENDED_AFTER = 12;

export interface PulseEvents {
  say: (text: string) => void;
  /** It will not answer any more. */
  lost: () => void;
}

/**
 * Asks `child` over its IPC channel again and again; see activities/platform/ready.ts for the answer.
 * Counts questions and not time: a supervisor that was stopped itself has asked nothing meanwhile.
 * Returns how to stop.
 */
export function watchPulse(
  child: Pick<ChildProcess, 'on' | 'send' | 'connected'>,
  { say, lost }: PulseEvents,
  everyMs = ASK_EVERY_MS,
): () => void {
  let unanswered = 0;
  const seconds = (asked: number): number => (asked * everyMs) / 1_000;
  child.on('message', (message) => {
    if (message !== 'pong') return;
    if (unanswered > SAID_AFTER) say('answers again');
    unanswered = 0;
  });
  const timer = setInterval(() => {
    if (unanswered === SAID_AFTER) {
      say(`has not answered for ${seconds(SAID_AFTER)} s: it is stopped, or has too much to do`);
    }
    if (unanswered === ENDED_AFTER) {
      say(`has not answered for ${seconds(ENDED_AFTER)} s; ending it`);
      lost();
    }
    unanswered++;
    if (child.connected) child.send('ping', () => {});
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
