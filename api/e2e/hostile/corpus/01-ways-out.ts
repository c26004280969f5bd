/** Links, names and odd files by which a step's artifacts, outputs and caches would leave the workspace. */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Hostile, run } from '../entry.js';

const MAX_ARCHIVE = 8_589_934_592;

/** A step whose artifact is made by these commands, and what is said of it. */
function artifact(tries: string, commands: string[], reason: RegExp, paths = ['out']): Hostile {
  const steps = { keep: { run: commands, artifacts: paths } };
  return run({ tries, steps, ends: { status: 'failed', reasons: { keep: reason } } });
}

/** A step that leaves something else than a file where its outputs are read. */
function output(name: string, commands: string[]): Record<string, object> {
  return { [name]: { run: commands, outputs: ['x'] } };
}

export const WAYS_OUT: Hostile[] = [
  artifact(
    'a link to /etc/passwd as an artifact',
    ['ln -s /etc/passwd out'],
    /leads out of the workspace/,
  ),
  artifact(
    'an artifact that holds a link with .. to outside',
    ['mkdir -p out/a', 'ln -s ../../../home out/a/l'],
    /leads out of the workspace/,
  ),
  artifact(
    'an artifact whose link climbs late',
    ['mkdir -p out/a', 'ln -s b/../../../.. out/a/l'],
    /leads out of the workspace/,
  ),
  artifact(
    'an artifact through a link that the step made',
    ['ln -s / out'],
    /goes through the link/,
    ['out/etc/passwd'],
  ),
  artifact(
    'a pattern through a link that the step made',
    ['ln -s / out'],
    /goes through the link/,
    ['out/etc/*'],
  ),
  artifact(
    'patterns that are written to take for ever',
    [`for i in $(seq 150); do touch ${'a'.repeat(240)}$i; done`],
    /take too long to compare/,
    [`{${Array(60).fill('*a').join(',')}}${'a'.repeat(120)}b`],
  ),
  run({
    tries: 'a sparse file larger than any artifact may be',
    steps: { keep: { run: 'truncate -s 9G out', artifacts: ['out'] } },
    ends: {
      status: 'failed',
      reasons: { keep: new RegExp(`at most ${MAX_ARCHIVE}|SIGXFSZ|ended|disk`) },
    },
  }),
  run({
    tries:
      'pipes, sockets, setuid bits and names with line ends in an artifact, met by the next step',
    steps: {
      keep: {
        run: [
          'mkdir out; mkfifo out/pipe',
          'printf x > out/suid; chmod 6755 out/suid',
          "printf x > out/$'a\\nb\\e[31m'; printf x > ./--checkpoint-action=exec=sh",
        ],
        artifacts: ['out', '--checkpoint-action=exec=sh'],
      },
      look: {
        needs: ['keep'],
        run: ['test ! -e out/pipe', 'test ! -u out/suid', "test -e out/$'a\\nb\\e[31m'"],
      },
    },
    ends: { status: 'succeeded' },
  }),
  run({
    tries:
      'an artifact whose folder is a link in the repository: the link is replaced, not followed',
    prepare: (clone, world) => symlink(world.canary, join(clone.folder, 'd')),
    steps: {
      keep: { run: ['rm d', 'mkdir d', 'echo x > d/hostile'], artifacts: ['d'] },
      look: { needs: ['keep'], run: 'test ! -L d && test -e d/hostile' },
    },
    ends: { status: 'succeeded' },
  }),
  run({
    tries: 'an artifact that would be written through a link of the repository',
    prepare: (clone, world) => symlink(world.canary, join(clone.folder, 'd')),
    steps: {
      keep: { run: ['rm d', 'mkdir d', 'echo x > d/hostile'], artifacts: ['d/*'] },
      look: { needs: ['keep'], retry: { attempts: 1 }, run: 'true' },
    },
    ends: { status: 'errored', reasons: { look: /link|cannot be unpacked/ } },
  }),
  run({
    tries: 'something else than a file in the place of the outputs',
    steps: {
      ...output('link', ['ln -s /etc/passwd "$SLIPWAY_OUTPUT"']),
      ...output('folder', ['mkdir "$SLIPWAY_OUTPUT"']),
      ...output('pipe', ['mkfifo "$SLIPWAY_OUTPUT"']),
      ...output('device', ['ln -s /dev/zero "$SLIPWAY_OUTPUT"']),
      ...output('huge', ['head -c 1000000 /dev/zero > "$SLIPWAY_OUTPUT"']),
      ...output('nul', ['printf "x=\\0" > "$SLIPWAY_OUTPUT"']),
      ...output('other', ['echo __proto__=1 > "$SLIPWAY_OUTPUT"']),
    },
    ends: {
      status: 'failed',
      reasons: {
        link: /not a file/,
        folder: /not a file/,
        pipe: /not a file/,
        device: /not a file/,
        huge: /at most 65536 are kept/,
        nul: /NUL/,
        other: /not declared/,
      },
    },
  }),
  run({
    tries: 'a cache of a link that leads out, and a cache key of an endless file',
    prepare: (clone) => symlink('/dev/zero', join(clone.folder, 'lock')),
    steps: {
      keep: {
        run: ['mkdir store', 'ln -s /etc store/l'],
        cache: [{ key: 'c', files: ['lock'], paths: ['store'] }],
      },
    },
    ends: { status: 'succeeded', logs: { keep: /cache "c" is not kept: .*leads out/ } },
  }),
  run({
    tries: 'a SARIF report that is a link to what nobody may read',
    steps: {
      make: { run: ['mkdir out', 'ln -s ../../../token out/r.sarif'], artifacts: ['out'] },
      scan: { needs: ['make'], scan: { of: 'make', sarif: ['out/r.sarif'] } },
    },
    ends: { status: 'failed', reasons: { make: /leads out of the workspace/ } },
  }),
];
