import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Boxes, countsOf, V1, V2 } from './boxes.js';
import { LIMITS } from './sandbox.testing.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-boxes-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('what control groups count', () => {
  it('is the same in both versions of them', () => {
    const first: Record<string, string> = {
      'cpuacct/cpuacct.usage': '2500000000\n',
      'memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
      'pids/pids.events': 'max 7\n',
    };
    const second: Record<string, string> = {
      '/cpu.stat': 'usage_usec 2500000\nuser_usec 1\nsystem_usec 2\n',
      '/memory.events': 'low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\noom_group_kill 0\n',
      '/pids.events': 'max 7\n',
    };
    const counts = { cpuSeconds: 2.5, memoryKills: 3, refusedProcesses: 7 };
    expect(countsOf(V1, (controller, file) => first[`${controller}/${file}`] ?? '')).toEqual(
      counts,
    );
    expect(countsOf(V2, (controller, file) => second[`${controller}/${file}`] ?? '')).toEqual(
      counts,
    );
  });
});

describe('where control groups cannot be made', () => {
  it('there are none, and nothing is left of the try', async () => {
    expect(Boxes.open(LIMITS, join(root, 'nowhere'))).toBeUndefined();
    await writeFile(join(root, 'cgroup.controllers'), 'cpu io\n');
    expect(Boxes.open(LIMITS, root)).toBeUndefined();
    expect(existsSync(root)).toBe(true);
    const left = (await readdir(root)).filter((name) => !name.startsWith('cgroup.'));
    const folders = await Promise.all(left.map((name) => readdir(join(root, name))));
    expect(folders.flat().filter((name) => /^\d+$/.test(name) && name !== '1')).toEqual([]);
  });
});
