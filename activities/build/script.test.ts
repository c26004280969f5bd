import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { MarkedOutput, type MarkSink, type Output } from './marks.js';
import { announcement, scriptOf } from './script.js';

const NONCE = '0123456789abcdef';

function shellOf(kind: 'bash' | 'sh') {
  return (...commands: string[]) => {
    const shell = kind === 'bash' ? '/bin/bash' : '/bin/sh';
    const { stdout, stderr, status } = spawnSync(shell, ['-c', scriptOf(commands, kind, NONCE)], {
      encoding: 'buffer',
      env: { PATH: '/usr/bin:/bin' },
    });
    return { status, ...read({ stdout, stderr }, commands.length) };
  };
}

/** What a reader makes of it: text per stream, and the index of the last mark. */
function read(printed: Record<Output, Buffer>, commands: number) {
  const seen = { stdout: '', stderr: '', at: -1 };
  const sink: MarkSink = {
    text: (stream, bytes) => {
      seen[stream] += bytes.toString();
    },
    reached: (index) => {
      seen.at = index;
    },
  };
  const output = new MarkedOutput(NONCE, sink, commands);
  output.push('stdout', printed.stdout);
  output.push('stderr', printed.stderr);
  output.end();
  return seen;
}

describe.each(['bash', 'sh'] as const)('the script, in %s', (kind) => {
  const run = shellOf(kind);

  it('runs all commands in one shell, so that cd, export and functions persist', () => {
    const { status, stdout, at } = run('cd /tmp', 'export A=1', 'f() { echo "$A $PWD"; }', 'f');
    expect({ status, stdout, at }).toEqual({ status: 0, stdout: '1 /tmp\n', at: 4 });
  });

  it('stops at the first command that fails, with its exit status', () => {
    const { status, stdout, at } = run('echo one', 'exit 7', 'echo three');
    expect({ status, stdout, at }).toEqual({ status: 7, stdout: 'one\n', at: 1 });
    expect(run('true', 'false', 'true')).toMatchObject({ status: 1, at: 1 });
  });

  it('stops at the first failing line of a command, unless the command says otherwise', () => {
    expect(run('false\necho never').stdout).toBe('');
    expect(run('set +e\nfalse\necho on', 'false', 'echo never')).toMatchObject({
      status: 1,
      stdout: 'on\n',
      at: 1,
    });
  });

  it('tells quotes, heredocs and comments of one command from the next', () => {
    const { stdout, status } = run(
      `echo 'it'"'"'s' # "quoted`,
      'cat <<E\n$((1+1))\nE',
      'echo "a b"',
    );
    expect({ stdout, status }).toEqual({ stdout: "it's\n2\na b\n", status: 0 });
  });

  it('blames the command whose syntax is wrong', () => {
    const { status, at } = run('true', 'echo "open', 'true');
    expect(status).not.toBe(0);
    expect(at).toBe(1);
  });

  it('keeps its marks out of what commands do to their own output', () => {
    const { status, stdout, stderr, at } = run(
      'exec 3>/dev/null 4>&1',
      'set -x',
      'set +x',
      'exec >/dev/null 2>&1',
      'echo gone',
    );
    expect({ status, stdout, at }).toEqual({ status: 0, stdout: '', at: 5 });
    expect(stderr).not.toContain('__slipway');
  });

  it('survives a command that closes everything', () => {
    const closing = kind === 'bash' ? 'exec 198>&- 199>&-' : 'exec 8>&- 9>&-';
    expect(run('echo a', closing, 'echo b')).toMatchObject({ status: 0, stdout: 'a\nb\n' });
  });
});

it('counts a failure in the middle of a pipe, where bash runs the script', () => {
  expect(shellOf('bash')('false | cat').status).toBe(1);
});

it('announces commands of several lines readably, and very long ones cut', () => {
  expect(announcement('npm test\n')).toBe('$ npm test\n');
  expect(announcement('if true\nthen x\nfi')).toBe('$ if true\n  then x\n  fi\n');
  expect(announcement('x'.repeat(5_000)).length).toBeLessThan(2_010);
});
