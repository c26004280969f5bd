import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WorkspacePool } from './pool.js';
import { type Workspace, Workspaces } from './workspace.js';

const first = { repository: 'app', commit: 'a'.repeat(40) };
const second = { repository: 'app', commit: 'b'.repeat(40) };

let root: string;
let workspaces: Workspaces;
let pool: WorkspacePool;
let isPristine: boolean;
let checkouts: number;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-pool-'));
  workspaces = new Workspaces(join(root, 'work'));
  isPristine = true;
  checkouts = 0;
  pool = new WorkspacePool(workspaces, {
    checkout: async ({ folder }) => {
      checkouts++;
      await mkdir(folder);
    },
    isPristine: () => isPristine,
    readFrom: () => [],
  });
});
function touchCheckout(): void {
  isPristine = false;
}

afterEach(async () => {
  await workspaces.close();
  await rm(root, { recursive: true, force: true });
});

describe('the pool of workspaces', () => {
  it('hands a workspace that nobody touched to the next step of the same commit', async () => {
    const one = await pool.take(first);
    pool.giveBack(one, first);
    const other = await pool.take(second);
    const again = await pool.take(first);
    expect(again.root).toBe(one.root);
    expect(again.output).not.toBe(one.output);
    expect(other.root).not.toBe(one.root);
    expect(checkouts).toBe(2);
  });

  it('never hands one workspace to two steps', async () => {
    pool.giveBack(await pool.take(first), first);
    const [one, two] = await Promise.all([pool.take(first), pool.take(first)]);
    expect(one.root).not.toBe(two.root);
  });

  it.each<[string, (workspace: Workspace) => unknown]>([
    ['whose checkout was changed', touchCheckout],
    ['with something in HOME', ({ home }) => writeFile(join(home, '.npmrc'), '')],
    ['with something in TMPDIR', ({ temp }) => mkdir(join(temp, 'x'))],
    ['with outputs', ({ output }) => writeFile(output, 'a=b')],
    [
      'with a script or an archive of ours',
      ({ scratch }) => writeFile(join(scratch, 'script'), ''),
    ],
    ['without TMPDIR', ({ temp }) => rm(temp, { recursive: true })],
    ['whose HOME is locked', ({ home }) => chmod(home, 0o500)],
  ])('removes a workspace %s', async (_what, touch) => {
    const one = await pool.take(first);
    await touch(one);
    pool.giveBack(one, first);
    expect((await pool.take(first)).root).not.toBe(one.root);
    await workspaces.close();
    expect(await readdir(root)).toEqual([]);
  });

  it('leaves nothing behind when the checkout fails', async () => {
    const failing = new WorkspacePool(workspaces, {
      checkout: () => Promise.reject(new Error('no such commit')),
      isPristine: () => false,
      readFrom: () => [],
    });
    await expect(failing.take(first)).rejects.toThrow('no such commit');
    await workspaces.close();
    expect(await readdir(root)).toEqual([]);
  });
});
