/** An engine whose loop hangs hears of nothing, not even that nobody is left who could end it. */
import { Worker } from 'node:worker_threads';

const LOOK_EVERY_MS = 1_000;
/** Of the thread that looks, MiB. */
const THREAD_LIMITS = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };

/** Ends this process when the one that started it is gone; a thread of its own looks. */
export function endWithParent(): void {
  const look = `setInterval(() => {
    if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL');
  }, ${LOOK_EVERY_MS});`;
  new Worker(look, { eval: true, execArgv: [], resourceLimits: THREAD_LIMITS }).unref();
}
