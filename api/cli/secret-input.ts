/** A secret from standard input: from a pipe all of it, from a terminal one line that is not shown. */
import { MAX_SECRET_BYTES } from '../../workflows/domain/limits.js';
import { CliError, EXIT } from './exit.js';

const CTRL_C = '\x03';
const CTRL_D = '\x04';
const CTRL_U = '\x15';
const BACKSPACES = ['\x7f', '\b'];

/** What we need of `process.stdin`. */
export interface SecretInput extends AsyncIterable<unknown> {
  isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
  pause?(): unknown;
}

/**
 * From a pipe: everything, less one line end at the end, which `echo` adds and no secret means.
 *
 * @param ask shows the prompt, and the line's end after it.
 * @throws {CliError} when it is too long, no text, or was given up.
 */
export async function readSecret(
  input: SecretInput,
  prompt: string,
  ask: (text: string) => void,
): Promise<string> {
  if (!input.isTTY || !input.setRawMode) return textOf(await all(input)).replace(/\r?\n$/, '');
  ask(prompt);
  input.setRawMode(true);
  try {
    return await line(input);
  } finally {
    input.setRawMode(false);
    input.pause?.();
    ask('\n');
  }
}

async function all(input: SecretInput): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const piece = Buffer.from(chunk as Uint8Array);
    bytes += piece.length;
    if (bytes > MAX_SECRET_BYTES + 2) throw tooLong();
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}

async function line(input: SecretInput): Promise<string> {
  let typed = '';
  for await (const chunk of input) {
    for (const key of textOf(Buffer.from(chunk as Uint8Array))) {
      if (key === '\r' || key === '\n') return typed;
      if (key === CTRL_C || key === CTRL_D) throw givenUp();
      if (key === CTRL_U) typed = '';
      else if (BACKSPACES.includes(key)) typed = Array.from(typed).slice(0, -1).join('');
      else typed += key;
      if (typed.length > MAX_SECRET_BYTES) throw tooLong();
    }
  }
  return typed;
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const help = 'Encode it, for example in base64, and decode it in the step.';
    throw new CliError(EXIT.usage, 'the value is not UTF-8 text', help);
  }
}

function tooLong(): CliError {
  const help = 'Keep large things elsewhere, and the key to them here.';
  return new CliError(EXIT.usage, `the value has more than ${MAX_SECRET_BYTES} bytes`, help);
}

function givenUp(): CliError {
  return new CliError(EXIT.no, 'nothing was set', '');
}
