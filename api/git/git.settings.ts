/** What our git server runs under: a configuration and hooks of our own, and a clean environment. */
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Body of one request, and a pack once it is unpacked. Bytes (512 MiB). */
export const MAX_BODY_BYTES = 536_870_912;

/**
 * Tells the API over descriptor 3 what Git is about to do, prints what it answers, and ends as it says.
 * The descriptor is inherited from the API through Git, so there is no secret and no address: whoever
 * holds it was started by the API. When the API is gone, reading ends and the answer is no.
 */
const HOOK = `#!/bin/sh
# Written by Slipway at every start.
{
  printf '%s\\n' "\${0##*/}" "\${GIT_OBJECT_DIRECTORY-}" "\${GIT_ALTERNATE_OBJECT_DIRECTORIES-}"
  cat
  printf '.\\n'
} >&3 || exit 1
while IFS= read -r line <&3; do
  case $line in
    "+ "*) printf '%s\\n' "\${line#+ }" ;;
    "= "*) exit "\${line#= }" ;;
  esac
done
echo 'Slipway stopped in the middle of this push; look with "slipway runs", or push again.'
exit 1
`;

/**
 * Git reads it as its global configuration, so repositories need none of their own. Its own
 * housekeeping would outlive a push and hold descriptor 3; nothing unreachable is ever removed,
 * because runs name commits and not branches. Files above the threshold are streamed, not held in memory.
 */
const configuration = (hooks: string, maxBytes: number) => `[safe]
\tdirectory = *
[core]
\tbigFileThreshold = 32m
\thooksPath = ${quoted(hooks)}
\tlogAllRefUpdates = always
[http]
\treceivepack = true
\tuploadpack = true
[receive]
\tfsckObjects = true
\tmaxInputSize = ${maxBytes}
\tautogc = false
\tshallowUpdate = false
[fsck]
\tmissingEmail = ignore
\tbadTimezone = ignore
[gc]
\tauto = 0
\tpruneExpire = never
[transfer]
\thideRefs = refs/slipway
\thideRefs = refs/keep
[uploadpack]
\tallowTipSHA1InWant = true
\tallowFilter = true
[protocol]
\tversion = 2
[init]
\tdefaultBranch = main
[advice]
\tdetachedHead = false
`;

/** Writes configuration and hooks into `.server` beside the repositories; returns Git's environment. */
export async function setUpGit(
  gitFolder: string,
  maxBytes = MAX_BODY_BYTES,
): Promise<NodeJS.ProcessEnv> {
  const server = join(gitFolder, '.server');
  const hooks = join(server, 'hooks');
  await mkdir(hooks, { recursive: true });
  for (const name of ['pre-receive', 'post-receive']) await place(join(hooks, name), HOOK, 0o755);
  await place(join(server, '.gitconfig'), configuration(hooks, maxBytes), 0o644);
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LANG: 'C',
    HOME: server,
    GIT_CONFIG_GLOBAL: join(server, '.gitconfig'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    // A pushed refs/replace must not change what a commit holds.
    GIT_NO_REPLACE_OBJECTS: '1',
  };
}

/** Another start on the same home may write at the same moment: each file appears whole. */
async function place(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, text);
  await chmod(draft, mode);
  await rename(draft, path);
}

function quoted(path: string): string {
  return `"${path.replace(/[\\"]/g, '\\$&')}"`;
}
