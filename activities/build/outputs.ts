/** What a step's commands wrote to $SLIPWAY_OUTPUT: `name=value` lines, or `name<<END` blocks. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { MAX_OUTPUT_BYTES } from '../../workflows/domain/limits.js';

export type Outputs =
  | { ok: true; values: Record<string, string> }
  /** Written for the author of the commit. */
  | { ok: false; reason: string };

/** A file that is absent means no outputs. Links are not followed: the file is the commands' own. */
export async function readOutputs(
  path: string,
  declared: string[],
  holdsSecret: (text: string) => boolean,
): Promise<Outputs> {
  const text = await contentOf(path);
  if (typeof text !== 'string') return text;
  return holdsSecret(text) ? refuse(SECRET) : parseOutputs(text, declared);
}

/** Pure. The last value of a name counts. */
export function parseOutputs(text: string, declared: string[]): Outputs {
  const values: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line.trim() === '') continue;
    const [, name = '', mark = '', rest = ''] = /^([^=<\s]+)\s*(=|<<)(.*)$/s.exec(line) ?? [];
    if (name === '')
      return refuse(`line ${at + 1} is not "name=value" or "name<<END": "${cut(line)}"`);
    if (!declared.includes(name)) return undeclared(name, declared);
    if (mark === '=') {
      values[name] = rest;
      continue;
    }
    const end = lines.indexOf(rest.trim(), at + 1);
    if (end === -1)
      return refuse(`the block of "${name}" has no line "${cut(rest.trim())}" at its end`);
    values[name] = lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return { ok: true, values };
}

const SECRET =
  'it holds a secret of this step; outputs are kept where many can read them. Let the step that needs ' +
  'the secret name it in its own "secrets"';

async function contentOf(path: string): Promise<string | Outputs> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    if (error.code === 'ELOOP' || error.code === 'ENXIO') return null;
    throw error;
  });
  if (file === undefined) return '';
  if (file === null) return refuse('it was replaced by something that is not a file');
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return refuse('it was replaced by something that is not a file');
    if (stats.size > MAX_OUTPUT_BYTES) {
      return refuse(
        `it holds ${stats.size} bytes; at most ${MAX_OUTPUT_BYTES} are kept. Hand files on with "artifacts"`,
      );
    }
    const text = await beginning(file, MAX_OUTPUT_BYTES);
    return text.includes('\0') ? refuse('it holds a NUL character; outputs are text') : text;
  } finally {
    await file.close();
  }
}

/** No more than was there when it was measured, even if somebody still writes. */
async function beginning(file: FileHandle, limitBytes: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(limitBytes), 0, limitBytes, 0);
  return buffer.toString('utf8', 0, bytesRead);
}

function undeclared(name: string, declared: string[]): Outputs {
  const known = declared.length > 0 ? `declared are ${declared.join(', ')}` : 'none is declared';
  return refuse(`"${cut(name)}" is not declared (${known}); add it to the step's "outputs"`);
}

function refuse(what: string): Outputs {
  return { ok: false, reason: `$SLIPWAY_OUTPUT cannot be read: ${what}` };
}

function cut(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
