import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SandboxStand } from './sandbox.testing.js';

let stand: SandboxStand;
beforeAll(async () => {
  stand = await SandboxStand.open();
});
afterEach(() => {
  stand.logs.written.length = 0;
});
afterAll(() => stand.close());

/** Whether a command succeeds in a step. */
async function works(command: string): Promise<boolean> {
  return (await stand.run([command])).exitCode === 0;
}

describe('what a step sees', () => {
  it('are the programs and settings of the system, and itself as an ordinary user', async () => {
    await stand.run([
      'id -un; cat /etc/resolv.conf; command -v git node; ls /etc/ssl/certs | wc -l',
    ]);
    expect(stand.logs.text('stdout')).toMatch(
      /^slipway\nnameserver 10\.0\.2\.3\n.*\/git\n.*\/node\n/,
    );
  });

  it.each(['/root', '/home', '/etc/shadow', '/var/lib', '/run', '/sys', '/boot', '/srv', '/mnt'])(
    'is not %s',
    async (path) => {
      expect(await works(`[ ! -e ${path} ]`)).toBe(true);
    },
  );

  it('is neither our home, nor our package, nor another workspace', async () => {
    const other = await stand.workspace();
    await writeFile(join(other.home, 'secret'), 'theirs');
    await writeFile(join(stand.root, 'token'), 'ours');
    const paths = [other.home, join(stand.root, 'token'), process.cwd()];
    for (const path of paths) {
      const seen = join(path, path === process.cwd() ? 'package.json' : '');
      expect(await works(`cat ${seen} || ls ${seen}`)).toBe(false);
    }
    await stand.run([`ls ${join(stand.root, 'work')} | wc -l`]);
    expect(stand.logs.text('stdout')).toBe('1\n');
  });

  it('is no process but its own, and nobody else’s environment', async () => {
    process.env['SECRET_OF_THE_WORKER'] = 'leaked-by-proc';
    await stand.run(['cd /proc; ls -d [0-9]* | wc -w; cat [0-9]*/environ | tr "\\0" "\\n"']);
    delete process.env['SECRET_OF_THE_WORKER'];
    const [count] = stand.logs.text('stdout').split('\n');
    expect(Number(count)).toBeLessThan(6);
    expect(stand.logs.text()).not.toContain('leaked-by-proc');
  });

  it('is no value of its environment in anybody’s command line', async () => {
    await stand.run(['cat /proc/[0-9]*/cmdline | tr "\\0" " "; echo "and $TOKEN"'], {
      env: { TOKEN: 'value-of-the-token' },
    });
    expect(stand.logs.text('stdout').match(/value-of-the-token/g)).toHaveLength(1);
  });

  it('are the folders that the worker names, read-only', async () => {
    const objects = join(stand.root, 'work', 'objects');
    await mkdir(objects, { recursive: true });
    await writeFile(join(objects, 'pack'), 'packed');
    await stand.run([`cat ${objects}/pack; touch ${objects}/new || echo refused`], {
      readable: [objects],
    });
    expect(stand.logs.text('stdout')).toBe('packedrefused\n');
  });
});

describe('what a step may change', () => {
  it('is its own workspace, /tmp and nothing else', async () => {
    const ending = await stand.run([
      'echo a > "$HOME/a"; echo b > "$TMPDIR/b"; echo c > /tmp/c; echo d=1 > "$SLIPWAY_OUTPUT"',
      'for at in / /usr /usr/bin /etc /dev /proc /var; do ! touch "$at/x" 2>/dev/null || exit 9; done',
    ]);
    expect(ending).toMatchObject({ exitCode: 0, isComplete: true });
  });

  it('is no setting of the kernel, and no device', async () => {
    const files = 'find /proc -path "/proc/[0-9]*" -prune -o -type f -perm /222 -print 2>/dev/null';
    const ofItsOwnNamespaces =
      '/pressure/|/mqueue/|/kernel/(msg|shm|sem$|auto_msgmni|ns_last_pid|pid_max)';
    const ending = await stand.run([
      `(${files} || :) | (grep -vE "${ofItsOwnNamespaces}" || :) | while read -r f; do if (exec 3>>"$f") 2>/dev/null; then echo "$f"; fi; done`,
      '! chmod 600 /dev/null /proc/meminfo /proc/sys 2>/dev/null',
      '! mknod /tmp/disk b 254 0 2>/dev/null',
    ]);
    expect(stand.logs.text('stdout')).toBe('');
    expect(ending).toMatchObject({ exitCode: 0, isComplete: true });
  });

  it('is not its rights: no capability, no new privilege, no namespace of its own', async () => {
    await stand.run([
      'grep -E "^(CapEff|CapPrm|CapBnd|NoNewPrivs)" /proc/self/status | cut -f2 | sort -u | tr "\\n" " "',
      '! unshare --user true 2>/dev/null',
      '! mount -t tmpfs none /tmp 2>/dev/null',
    ]);
    expect(stand.logs.text('stdout')).toBe('0000000000000000 1 ');
  });

  it('cannot be the folder that its own folders lie in', async () => {
    const ending = await stand.run(['mv "$PWD" /tmp/x 2>/dev/null || rm -rf "$PWD/.." || true']);
    expect(ending.exitCode).toBe(0);
  });
});

describe('the environment of a step', () => {
  it('holds exactly what it is given, any name and any value', async () => {
    const env = {
      QUOTED: `it's "quoted" $HOME \\ \`x\``,
      LINES: 'one\ntwo\n',
      UNICODE: 'ü✓',
      'with-dash.and.dot': '1',
      EMPTY: '',
      LONG: 'x'.repeat(32_768),
    };
    const program = `console.log(JSON.stringify(process.env))`;
    await stand.run([`exec env -u _ -u SHLVL node -e '${program}'`], { env });
    const seen = JSON.parse(stand.logs.text('stdout')) as Record<string, string>;
    expect(seen).toMatchObject(env);
    expect(Object.keys(seen).sort()).toEqual(
      [...Object.keys(env), 'HOME', 'PATH', 'PWD', 'SLIPWAY_OUTPUT', 'TMPDIR'].sort(),
    );
  });

  it('reaches no program outside of the walls', async () => {
    await stand.run([':'], { env: { LD_PRELOAD: '/nowhere/evil.so' } });
    expect(stand.logs.text('stderr').match(/cannot be preloaded/g)).toHaveLength(1);
  });
});
