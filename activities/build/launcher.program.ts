/** The programs of launchers, for bash 4.1 and later. Pure. */
import { quoted } from './quoted.js';

/** `launch ID NUMBER` runs $code in a process group of its own, with its output in the pipes of that number. */
const BEGINNING = `
LC_ALL=C
exec 3>&1 1>/dev/null
trap '' HUP INT TERM
launch() {
  trap - HUP INT TERM
  exec </dev/null
  set -m
  {
    exec 3>&- 8<>"$2.out" 9<>"$2.err"
    exec >"$2.out" 2>"$2.err" 8>&- 9>&-
    eval "$code"
  } &
  set +m
  printf '+ %s %s\\n' "$1" "$!" >&3
  wait "$!"
  printf -- '- %s %s\\n' "$1" "$?" >&3
}
kept=' '
`;

const REQUESTS = `
    start) IFS= read -r -N "$c" code; launch "$a" "$b" & ;;
    keep) kept="$kept$a " ;;
    drop) kept="\${kept%% $a *} \${kept#* $a }" ;;
`;

/**
 * Its argument and working folder is a folder for named pipes. It reads requests, one a line:
 * - `pipes FIRST LAST`: makes named pipes of these numbers, and answers `= LAST`;
 * - `start ID NUMBER BYTES`, then so many bytes of shell code: runs the code in a process group of its
 *   own with its output in the pipes of that number; answers `+ ID GROUP`, and `- ID STATUS` at its end;
 * - `keep GROUP`, `drop GROUP`: the groups to end when the worker is gone.
 *
 * Pipes are opened for reading first: else opening one for writing waits for a worker that may be gone.
 * When the requests end, the worker is gone: the groups that are left get SIGTERM, and 3 s later
 * SIGKILL. `read -N` takes its bytes at once, where `read` takes one at a time from a pipe.
 */
export const LAUNCHER = `${BEGINNING}
while read -r what a b c; do
  case $what in
    ${REQUESTS}
    pipes)
      names=()
      for ((n = a; n <= b; n++)); do names+=("$n.out" "$n.err"); done
      PATH=/usr/bin:/bin mkfifo -m 666 "\${names[@]}"
      printf '= %s\\n' "$b" >&3 ;;
  esac
done
export PATH=/usr/bin:/bin
rm -f -- "$1"/*
rmdir -- "$1"
[ -n "\${kept// /}" ] || exit 0
for group in $kept; do kill -s TERM -- "-$group"; done 2>/dev/null
sleep 3
for group in $kept; do kill -s KILL -- "-$group"; done 2>/dev/null
`;

/**
 * A launcher for a place of its own: it makes no pipes, and says `cell PID` first. When its requests end
 * it waits for the launcher to end the groups that are left, and does so itself if that is gone too.
 */
export const CELL = `${BEGINNING}
printf 'cell %s\\n' "$$" >&3
while read -r what a b c; do
  case $what in
    ${REQUESTS}
  esac
done
[ -n "\${kept// /}" ] || exit 0
PATH=/usr/bin:/bin sleep 4
for group in $kept; do kill -s KILL -- "-$group"; done 2>/dev/null
`;

/** Names that a shell assigns to by itself, or refuses to: they go through `env`. */
const SPECIAL =
  /^(_|BASH.*|SHELLOPTS|E?UID|PPID|GROUPS|FUNCNAME|DIRSTACK|RANDOM|SRANDOM|SECONDS|EPOCH.*|LINENO|HISTCMD|IFS|OPTIND|OPTERR)$/;
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Code that becomes the program, with exactly this environment. Values are in the code, never in a
 * command line that others could read, except for names that no shell can export.
 */
export function startCode(argv: string[], folder: string, env: Record<string, string>): string {
  const entries = Object.entries(env);
  const isPlain = ([name]: [string, string]) => PLAIN_NAME.test(name) && !SPECIAL.test(name);
  const exports = entries.filter(isPlain).map(([name, value]) => `export ${name}=${quoted(value)}`);
  const others = entries.filter((each) => !isPlain(each)).map(([n, v]) => quoted(`${n}=${v}`));
  return [
    `cd -- ${quoted(folder)} || exit 126`,
    'unset OLDPWD SHLVL',
    ...exports,
    `exec ${[...(others.length > 0 ? ['/usr/bin/env', ...others] : []), ...argv.map(quoted)].join(' ')}`,
  ].join('\n');
}
