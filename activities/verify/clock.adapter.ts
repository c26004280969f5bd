/** The clock of this machine. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from './verify.ports.js';

export const systemClock: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => wait(ms, undefined, { signal }),
};
