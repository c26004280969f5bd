import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sweepWorkspaces, Workspaces, workerFolder } from './workspace.js';

let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'slipway-work-'));
});
afterEach(() => rm(work, { recursive: true, force: true }));

describe('workspaces', () => {
  it('are apart from each other, and closed to other users', async () => {
    const workspaces = new Workspaces(await workerFolder(work));
    const [one, two] = await Promise.all([workspaces.create(), workspaces.create()]);
    expect(one.root).not.toBe(two.root);
    expect((await stat(workspaces.folder)).mode & 0o077).toBe(0);
    expect((await readdir(one.root)).sort()).toEqual(['home', 'tmp']);
    expect(one.scratch.startsWith(`${one.root}/`)).toBe(false);
    await workspaces.close();
    expect(await readdir(work)).toEqual([]);
  });

  it('go after the answer, many at once, read-only folders included', async () => {
    const workspaces = new Workspaces(await workerFolder(work));
    for (let i = 0; i < 5; i++) {
      const workspace = await workspaces.create();
      await mkdir(join(workspace.home, 'go/mod'), { recursive: true });
      await writeFile(join(workspace.home, 'go/mod/file'), 'x');
      await chmod(join(workspace.home, 'go/mod'), 0o555);
      workspaces.remove(workspace);
    }
    expect(await readdir(workspaces.folder)).toHaveLength(10);
    await workspaces.close();
    expect(await readdir(work)).toEqual([]);
  });

  it('of dead workers go when the next one starts, with what still runs in them', async () => {
    const dead = join(work, `${hostname()}+${2 ** 22 - 1}+12345`);
    await mkdir(join(dead, 'abc/tree'), { recursive: true });
    const orphan = spawn('sleep', ['60'], { env: { SLIPWAY_OUTPUT: join(dead, 'abc/output') } });
    const exit = once(orphan, 'exit');
    const other = join(work, 'another-machine+1+1');
    await mkdir(other);
    const mine = new Workspaces(await workerFolder(work));
    await mine.create();

    expect(await sweepWorkspaces(work)).toBe(1);
    expect((await exit)[1]).toBe('SIGKILL');
    expect((await readdir(work)).sort()).toEqual(
      ['another-machine+1+1', mine.folder.slice(work.length + 1)].sort(),
    );
    expect(await sweepWorkspaces(work)).toBe(0);
    expect(await sweepWorkspaces(join(work, 'absent'))).toBe(0);
  });

  it('of a worker whose number now belongs to somebody else are a dead worker’s', async () => {
    await mkdir(join(work, `${hostname()}+${process.pid}+1`), { recursive: true });
    expect(await sweepWorkspaces(work)).toBe(1);
  });
});
