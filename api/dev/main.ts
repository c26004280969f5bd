/** Process: the stack on one machine, in the foreground, and the first ten minutes of a new user. */
import { resolve } from 'node:path';
import { createClient } from '../client/client.js';
import { AlreadyRunning } from './lock.js';
import { bringSample } from './sample.js';
import { terminalScreen } from './screen.js';
import { startStack } from './stack.js';
import { NoTemporal } from './temporal-binary.js';
import { whatNext } from './what-next.js';

const EXIT = { good: 0, usage: 2, errored: 3 } as const;
const DEFAULT_PORT = 7_800;

const args = process.argv.slice(2);
const unknown = args.find((arg) => arg !== '--empty');
if (unknown) {
  console.error(`npm start does not know "${unknown}"; it knows --empty and --help`);
  process.exit(EXIT.usage);
}

// A terminal that was closed, or a pipe that nobody reads: the stack must still be stopped in order.
for (const out of [process.stdout, process.stderr]) out.on('error', () => {});
const screen = terminalScreen();
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stopped.abort());
}
const asked = new Promise<number>((resolveCode) => {
  stopped.signal.addEventListener('abort', () => resolveCode(EXIT.good));
});

try {
  process.exitCode = await main();
} catch (error) {
  const known = error instanceof AlreadyRunning || error instanceof NoTemporal;
  console.error(known ? `\n${error.message}` : error);
  process.exitCode = EXIT.errored;
}
// Whatever a library left open must not keep a stopped stack in the foreground.
process.exit();

async function main(): Promise<number> {
  let giveUp: (code: number) => void = () => {};
  const gaveUp = new Promise<number>((resolveCode) => {
    giveUp = resolveCode;
  });
  const stack = await startStack({
    home: resolve(process.env['SLIPWAY_HOME'] ?? '.slipway'),
    port: Number(process.env['SLIPWAY_PORT'] ?? DEFAULT_PORT),
    env: process.env,
    screen,
    gaveUp: (reason) => {
      screen.warn(`${reason}; stopping the stack`);
      giveUp(EXIT.errored);
    },
  });
  screen.line(`ready ${stack.url}`);
  const client = createClient({ url: stack.url, token: stack.token });
  const welcome = async (): Promise<void> => {
    if (!args.includes('--empty'))
      await bringSample({ stack, client, screen, signal: stopped.signal });
    if (!stopped.signal.aborted) screen.line(await whatNext(client, stack));
  };
  const shown = welcome().catch((error: unknown) => {
    if (!stopped.signal.aborted)
      screen.warn(error instanceof Error ? error.message : String(error));
  });
  const code = await Promise.race([asked, gaveUp]);
  screen.line('\nstopping …');
  stopped.abort();
  await Promise.all([stack.stop(), shown]);
  screen.line('stopped; nothing is left running');
  return code;
}
