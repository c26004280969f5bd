/** Process: the command `slipway`. */
import { runCli } from './program.js';
import { readSecret } from './secret-input.js';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort());
}
// A reader that has seen enough (`slipway runs | head`) is no mistake.
process.stdout.on('error', () => process.exit(0));

const isTerminal = process.stdout.isTTY && !process.env['CI'] && process.env['TERM'] !== 'dumb';
process.exitCode = await runCli(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  env: process.env,
  cwd: process.cwd(),
  terminal: isTerminal ? process.stdout : undefined,
  colour: isTerminal && !process.env['NO_COLOR'],
  secret: (prompt) => readSecret(process.stdin, prompt, (text) => process.stderr.write(text)),
  interrupted: interrupted.signal,
});
