import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from '@jest/globals';
import { goneSoon, holding, isRunning } from './processes.testing.js';

/** Lets plain Node find `x.ts` where the source says `x.js`. */
const RESOLVE = `data:text/javascript,
  import { registerHooks } from 'node:module';
  registerHooks({ resolve: (name, from, next) => {
    try { return next(name, from); }
    catch (error) {
      if (!name.startsWith('.')) throw error;
      return next(name.replace(/\\.js$/, '.ts'), from);
    }
  } });`;

/** A worker with a step in its sandbox: says where its files are, then that the step runs. */
const WORKER = `
  const { SandboxStand } = await import(${JSON.stringify(new URL('sandbox.testing.ts', import.meta.url))});
  const stand = await SandboxStand.open();
  console.log(stand.root);
  stand.run(['sleep 4250 & setsid sleep 4250 & echo up; wait']);
  await stand.logs.saying('up\\n');
  console.log('up');`;

let worker: ChildProcess;
let root = '';
/** Where its pipes were: who would remove them may be killed, too. */
let pipes = '';
afterEach(async () => {
  worker.kill('SIGKILL');
  for (const folder of [root, pipes]) await rm(folder, { recursive: true, force: true });
});

async function startWorker(): Promise<void> {
  const flags = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
  const script = ['--import', RESOLVE, '--input-type=module', '-e', WORKER];
  worker = spawn(process.execPath, [...flags, ...script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(worker, 'exit').then(([code]) => {
    throw new Error(`the worker ended with ${code}`);
  });
  ended.catch(() => {});
  const lines = createInterface({ input: worker.stdout! });
  [root] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  await Promise.race([once(lines, 'line'), ended]);
}

/** All that the worker has started, by where they work and what they read. */
async function startedByIt(): Promise<{ launcher: number; pids: number[] }> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const linkOf = (pid: number, name: string) => readlink(`/proc/${pid}/${name}`).catch(() => '');
  const parentOf = async (pid: number) => {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ') X 0');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  };
  const parents = await Promise.all(pids.map(parentOf));
  const launcher = pids[parents.indexOf(worker.pid ?? -1)] ?? 0;
  pipes = await linkOf(launcher, 'cwd');
  const links = await Promise.all(
    pids.map(async (pid) => `${await linkOf(pid, 'cwd')} ${await linkOf(pid, 'fd/0')}`),
  );
  const ours = pids.filter((_pid, at) => links[at]?.includes(pipes));
  return { launcher, pids: [...new Set([...ours, ...(await holding(root))])] };
}

describe.each([
  ['the worker', []],
  ['the worker and the one who starts its programs', ['launcher' as const]],
])('when %s is killed', (_who, more) => {
  it('nothing of the sandbox goes on: no step, no cell, no way out', async () => {
    await startWorker();
    const { launcher, pids } = await startedByIt();
    const names = await Promise.all(
      pids.map((pid) => readFile(`/proc/${pid}/comm`, 'latin1').catch(() => '')),
    );
    expect(names.map((name) => name.trim())).toEqual(
      expect.arrayContaining(['slirp4netns', 'bwrap', 'bash', 'sleep']),
    );
    worker.kill('SIGKILL');
    if (more.includes('launcher')) process.kill(launcher, 'SIGKILL');
    const left = async () => {
      const running = await Promise.all(pids.map((pid) => isRunning(pid)));
      return pids.filter((pid, at) => running[at] && pid !== worker.pid);
    };
    expect(await goneSoon(left)).toEqual([]);
    expect(await goneSoon(() => holding(root))).toEqual([]);
  });
});
