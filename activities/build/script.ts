/** The one shell script that a step's commands become. Pure. */
import type { Shell } from './build.ports.js';
import { quoted } from './quoted.js';

/** A command's text in the log, characters. */
const MAX_SHOWN_CHARS = 2_000;

/** Copies of stdout and stderr that a command's own redirections hardly ever touch. */
const COPIES = { bash: [198, 199], sh: [8, 9] } as const;

/**
 * Runs the commands one after the other in one shell, so that `cd`, `export` and functions persist.
 * A command whose exit status is not 0 ends the script with it; inside a command of several lines
 * the first failing line does (`set -e`, in bash also `pipefail`). Each command is evaluated on its
 * own: an unclosed quote spoils no other command.
 *
 * Before command n, and after the last one, the mark `RS nonce n RS` is written to both stdout and
 * stderr (RS is the byte 0x1e), so that a reader knows which output is whose.
 */
export function scriptOf(commands: string[], kind: Shell['kind'], nonce: string): string {
  const [out, err] = COPIES[kind];
  const mark = `command printf '\\036${nonce} %d\\036' "$1"`;
  return [
    kind === 'bash' ? 'set -eo pipefail' : 'set -e',
    `exec ${out}>&1 ${err}>&2`,
    '__slipway() {',
    '  [ "$2" -eq 0 ] || command exit "$2"',
    `  ${mark} >&${out} || :`,
    `  ${mark} >&${err} || :`,
    '}',
    step(0, '0'),
    ...commands.flatMap((command, index) => [`eval ${quoted(command)}`, step(index + 1, '$?')]),
    '',
  ].join('\n');
}

/** How a command is announced in the log. */
export function announcement(command: string): string {
  const text = command.trimEnd();
  const shown = text.length <= MAX_SHOWN_CHARS ? text : `${text.slice(0, MAX_SHOWN_CHARS)}…`;
  return `$ ${shown.replaceAll('\n', '\n  ')}\n`;
}

/** Silent even under the `set -x` of a command before. */
function step(index: number, status: string): string {
  return `{ __slipway ${index} ${status}; } 2>/dev/null`;
}
