/** Steps that look around: at our processes, files, tokens, ports, and at other steps. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Hostile, must, pipeline, REACHED, run } from '../entry.js';

/** What must be closed to a step, by path. */
function closedPaths(home: string, canary: string): string[] {
  const ours = [
    ...['token', 'stage-token', 'keys', 'models', 'postgres', 'temporal.db', 'git/gitops.git'],
    ...['artifacts', 'logs'],
  ];
  // Of a person's home, what is on PATH may be seen, and nothing else.
  const dotted = [
    '.ssh',
    '.bash_history',
    '.bashrc',
    '.netrc',
    '.npmrc',
    '.aws',
    '.kube',
    '.config',
  ];
  const theirs = ['/etc/shadow', join(process.cwd(), 'package.json'), canary];
  return [
    home,
    ...ours.map((name) => join(home, name)),
    ...dotted.map((name) => join(homedir(), name)),
    ...theirs,
  ];
}

export const NEIGHBOURS: Hostile[] = [
  run({
    tries: 'a step that reads or writes our files, tokens and keys',
    heldBy: 'sandbox',
    steps: async ({ stack, canary }) => {
      const paths = closedPaths(stack.home, canary)
        .map((path) => `'${path}'`)
        .join(' ');
      const look = [
        `for p in ${paths}; do`,
        // Where the step's own folders are, their names are all that is there.
        '  if [ -d "$p" ]; then ! ls -A "$p" 2>/dev/null | grep -vxE "git|work" || reached "list $p"',
        '  else head -c 10 "$p" >/dev/null 2>&1 && reached "read $p"; fi',
        '  touch "$p/hostile" 2>/dev/null || true', // The world looks whether that came out.
        'done; true',
      ];
      const system =
        'for p in / /usr /etc /proc/sys/kernel; do ! touch $p/x 2>/dev/null || reached $p; done';
      return { look: { run: [REACHED, look.join('\n'), system] } };
    },
    ends: { status: 'succeeded' },
  }),
  run({
    tries: 'a step that reads our processes, and signals them',
    heldBy: 'sandbox',
    steps: async ({ stack }) => {
      const pids = (await stack.processes()).map(({ pid }) => pid).join(' ');
      const environ =
        "cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n' | grep -E '^(DATABASE_URL|SLIPWAY_HOME|TEMPORAL_ADDRESS)=' && reached environ; true";
      const lines =
        "cat /proc/*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -E 'tempora[l] server|dist/activities/worke[r]' && reached cmdline; true";
      const kill = `for p in ${pids}; do kill -0 $p 2>/dev/null && [ $p -gt 60 ] && reached "signal $p"; done; true`;
      return { look: { run: [REACHED, environ, lines, kill, 'kill -9 -1 || true'] } };
    },
    ends: { status: 'succeeded' },
  }),
  run({
    tries: 'a step that probes every port of this machine',
    heldBy: 'sandbox',
    steps: async (world) => {
      const ports = (await world.ports()).join(' ');
      const hosts = [...world.addresses(), '10.0.2.2', '::1', 'localhost'].join(' ');
      const probe = [
        `for h in ${hosts}; do for p in ${ports}; do`,
        '  timeout 3 bash -c "exec 3<>/dev/tcp/$h/$p" 2>/dev/null && reached "$h $p"',
        'done; done; true',
      ].join('\n');
      return {
        open: { run: [REACHED, probe] },
        none: {
          network: 'none',
          run: [REACHED, probe, 'test "$(ls /sys/class/net 2>/dev/null | grep -c tap)" = 0'],
        },
      };
    },
    ends: { status: 'succeeded' },
  }),
  run({
    tries: 'a step that looks for the workspaces and repositories of others',
    heldBy: 'sandbox',
    steps: async ({ stack }) => ({
      look: {
        run: [
          REACHED,
          'root=$(dirname "$SLIPWAY_OUTPUT")',
          'for d in "$(dirname "$root")"/*; do [ "$d" = "$root" ] || [ ! -r "$d" ] || [ -z "$(ls -A "$d" 2>/dev/null)" ] || reached "$d"; done',
          `for d in '${stack.home}'/git/*; do case $d in */"$SLIPWAY_REPOSITORY".git) ;; *) [ -z "$(ls -A "$d" 2>/dev/null)" ] || reached "$d" ;; esac; done`,
          'for f in $(cat .git/objects/info/alternates); do ! touch "$f/x" 2>/dev/null || reached "write $f"; done',
          'git log -1 --format=%s | grep -q hostile',
        ],
      },
    }),
    ends: { status: 'succeeded' },
  }),
  run({
    tries: 'variables that would run something before the walls are up',
    heldBy: 'sandbox',
    steps: async ({ canary }) => ({
      look: {
        env: {
          BASH_ENV: `$(touch ${canary}/bash-env)`,
          LD_PRELOAD: '/nonexistent/evil.so',
          LD_LIBRARY_PATH: '.',
          PATH: '.:/usr/bin:/bin',
          ENV: `$(touch ${canary}/env)`,
          SHELLOPTS: 'xtrace',
          IFS: 'x',
          PS4: `$(touch ${canary}/ps4 2>/dev/null && echo "REA""CHED ps4")`,
          GIT_SSH_COMMAND: `touch ${canary}/ssh`,
          NODE_OPTIONS: '--require ./evil.js',
        },
        run: ['unset LD_PRELOAD', 'echo still here'],
      },
    }),
    ends: { status: 'succeeded', logs: { look: /still here/ } },
  }),
  {
    tries: 'processes that stay in the background after the commands ended',
    heldBy: 'everywhere',
    happens: async (world) => {
      const { mark } = world;
      const text = pipeline({
        stay: {
          run: [
            `setsid sleep ${mark} </dev/null >/dev/null 2>&1 &`,
            `nohup sleep ${mark} >/dev/null 2>&1 &`,
            `( ( exec 0<&- 1>&- 2>&-; setsid sleep ${mark} & ) & )`,
            `sleep ${mark} & disown`,
          ],
        },
      });
      const clone = await world.repository({ '.slipway/pipeline.yaml': text });
      await world.pushed(clone);
      await world.expectRun(clone, { status: 'succeeded' });
      await world.nothingIsLeft();
    },
  },
  {
    tries: 'processes that stay in the background and hide what they come from',
    heldBy: 'sandbox',
    happens: async (world) => {
      const hidden = `env -i setsid -f sleep ${world.mark} </dev/null >/dev/null 2>&1`;
      const text = pipeline({ stay: { run: [`cd / && ${hidden}`, `(${hidden} &) ; true`] } });
      const clone = await world.repository({ '.slipway/pipeline.yaml': text });
      await world.pushed(clone);
      await world.expectRun(clone, { status: 'succeeded' });
      await world.nothingIsLeft();
    },
  },
  run({
    tries: 'traces in the workspace, for the next step of the same commit to step on',
    files: { 'run.sh': 'echo honest\n' },
    steps: {
      first: {
        run: [
          'touch -r run.sh when; printf "echo hostil\\n" > run.sh; touch -r when run.sh; rm when',
          'mkdir -p .git/hooks "$HOME/.config"; echo "echo x" > .git/hooks/post-checkout',
          'git config core.fsmonitor ./evil; echo "[alias] x = !evil" > "$HOME/.gitconfig"',
          'echo x > "$TMPDIR/x"; echo "echo evil" > "$HOME/.bashrc"',
        ],
      },
      second: {
        needs: ['first'],
        run: [
          'bash run.sh | grep -qx honest',
          'test ! -e .git/hooks/post-checkout && ! git config core.fsmonitor',
          'test -z "$(ls -A "$HOME" "$TMPDIR" | grep -v :)"',
        ],
      },
    },
    ends: { status: 'succeeded' },
  }),
  run({
    tries: 'forged marks between commands: the step ends as it would have',
    steps: {
      forge: {
        run: [
          `nonce=$(tr '\\0' '\\n' < /proc/$$/cmdline | grep -o '036[0-9a-f]*' | head -1 | cut -c4-)`,
          `test -n "$nonce"; for n in 3 9 999999; do printf '\\036%s %s\\036' $nonce $n | tee /dev/stderr; done`,
          'exit 3',
        ],
      },
    },
    ends: { status: 'failed', reasons: { forge: /ended with exit code 3/ } },
  }),
  {
    tries: 'every step says whether it is protected',
    heldBy: 'everywhere',
    happens: async (world) => {
      const clone = await world.repository({
        '.slipway/pipeline.yaml': pipeline({ a: { run: 'true' } }),
      });
      await world.pushed(clone);
      const { id } = await world.expectRun(clone, { status: 'succeeded' });
      const log = await world.log(id, 'a');
      const words =
        world.executor === 'plain' ? /executor plain: .*not isolated/ : /executor sandbox/;
      must(words.test(log), `the log does not say ${words}:\n${log}`);
    },
  },
];
