import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ask, isRunning, TestHome, until } from '../testing/home.js';

// The real process, from its TypeScript source, with a PostgreSQL that is away all the time.

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
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

let home: TestHome;
let processes: ChildProcess[];
beforeEach(async () => {
  home = await TestHome.create();
  processes = [];
});
afterEach(async () => {
  for (const child of processes) await ended(child, 'SIGTERM');
  await home.remove();
});

async function start(over: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const flags = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, '--import', RESOLVE, MAIN], {
    env: {
      PATH: process.env['PATH'],
      SLIPWAY_HOME: home.path,
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere',
      ...over,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  processes.push(child);
  child.stdout?.on('data', (text) => home.lines.push(String(text)));
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`ended with ${code}\n${home.lines.join('')}`)));
  });
  return child;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

async function serving(): Promise<{ pid: number; url: string }> {
  await until(async () => (await home.instance().catch(() => null)) !== null);
  const { pid } = await home.instance();
  return { pid, url: `http://127.0.0.1:${await home.stablePort()}` };
}

describe('the reconciler process', () => {
  it('serves while PostgreSQL is away, and its killed self is followed by one that adopts', async () => {
    const one = await home.release(1, 'one');
    const two = await home.release(2, 'two');
    const first = await start();
    await home.deploy(1, one);
    const before = await serving();
    expect(await ask(before.url)).toEqual({ status: 200, text: 'one' });

    await ended(first, 'SIGKILL');
    expect(isRunning(before.pid)).toBe(true);
    const second = await start();
    expect(await serving()).toEqual(before);
    expect(await ask(before.url)).toEqual({ status: 200, text: 'one' });

    await home.deploy(2, two);
    await until(async () => (await ask(before.url)).text === 'two');
    await until(() => !isRunning(before.pid));
    const after = await serving();
    await ended(second, 'SIGTERM');
    await until(() => !isRunning(after.pid));
  });

  it('leaves instances running when it is told to', async () => {
    const one = await home.release(1, 'one');
    const child = await start({ SLIPWAY_STOP_INSTANCES: 'false' });
    await home.deploy(1, one);
    const { pid } = await serving();
    await ended(child, 'SIGTERM');
    expect(isRunning(pid)).toBe(true);
    await start();
  });

  it('stops with a sentence when it is not told where it works', async () => {
    await expect(start({ SLIPWAY_HOME: '' })).rejects.toThrow('SLIPWAY_HOME is not set');
  });
});
