import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SandboxStand } from './sandbox.testing.js';

const LITTLE = { memoryMib: 256, cpuSeconds: 2, processes: 100, openFiles: 256, diskMib: 64 };

const HOARD = `node -e 'globalThis.kept = Buffer.alloc(4e8, 1); setInterval(() => {}, 1e3)'`;

describe.each([
  ['the kernel counts', {}],
  ['we count ourselves', { controlGroups: '/nowhere' }],
])('where %s, a step that wants more than it may', (_who, options) => {
  let stand: SandboxStand;
  beforeAll(async () => {
    stand = await SandboxStand.open({ ...LITTLE, ...options });
  });
  afterEach(() => {
    stand.logs.written.length = 0;
  });
  afterAll(() => stand.close());

  it.each<[string, string, string, string]>([
    ['processes: a fork bomb', 'f() { f | f & }; f; sleep 60', '100 processes', 'PROCESSES'],
    [
      'processes that leave the group',
      'while :; do setsid sleep 60 & done',
      '100 proc',
      'PROCESSES',
    ],
    ['memory', HOARD, '256 MiB of memory', 'MEMORY_MIB'],
    ['memory in files that are in memory', 'cat /dev/zero | tail', '256 MiB of mem', 'MEMORY_MIB'],
    ['CPU time', 'while :; do :; done', '2 s of CPU time', 'CPU_SECONDS'],
    [
      'CPU time, in many processes',
      'yes >/dev/null & yes >/dev/null & wait',
      '2 s of',
      'CPU_SECONDS',
    ],
    ['disk, in one file', 'head -c 100M /dev/zero >big', '64 MiB of disk', 'DISK_MIB'],
    [
      'disk, in many files',
      'for n in 1 2 3 4 5; do head -c 30M /dev/zero >$n; done; sleep 60',
      '64 MiB of disk',
      'DISK_MIB',
    ],
  ])('is ended, and told the limit: %s', async (_what, command, words, variable) => {
    const ending = await stand.run([command]);
    expect(ending.limit).toContain(`more than ${words}`);
    expect(ending.limit).toContain(`SLIPWAY_STEP_${variable} of the worker`);
    expect(ending.exitCode).not.toBe(0);
  });

  it('finds no more files to open, and goes on', async () => {
    const open =
      'const fs = require("fs"); try { for (;;) fs.openSync("/usr") } catch (e) { console.log(e.code) }';
    expect(await stand.run([`node -e '${open}'`])).toMatchObject({ exitCode: 0, limit: undefined });
    expect(stand.logs.text('stdout')).toBe('EMFILE\n');
  });

  it('is ended when it prints without end, and its last words are short', async () => {
    const ending = await stand.run(['yes'], { maxOutputBytes: 5_000_000 });
    expect(ending).toMatchObject({ why: 'printedTooMuch' });
    expect(stand.logs.text('slipway')).toContain('more output than allowed: ending commands');
  });

  it('takes nothing from the step after it', async () => {
    await stand.run(['f() { f | f & }; f; sleep 60']);
    expect(await stand.run(['true'])).toMatchObject({ exitCode: 0, limit: undefined });
  });
});
