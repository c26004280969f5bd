/** What a new user does first: `npm start`, and again, and Ctrl-C. */

import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { isAlive } from '../dev/identity.js';
import { isFree } from '../dev/ports.js';
import { finish } from './harness/process.js';
import { E2eStack } from './harness/stack.js';

describe('the first start', () => {
  let stack: E2eStack;
  afterAll(() => stack?.end());

  it('delivers the sample until it waits for the user, and says what to do next', async () => {
    stack = await E2eStack.start({ fromScript: true, args: [] });
    const [, runId = ''] = await stack.process.says(/npx slipway approve (chat-app-\d+)/);
    await stack.process.says(/API docs\s+http:\S+\/docs/);
    await stack.process.says(/Temporal UI\s+http:\S+/);
    await stack.process.says(/chat-app staging\s+http:\S+\s+healthy/);
    const run = await stack.client.runs.get(runId);
    expect(run.status).toBe('waiting');
    expect(run.trigger.by).toBe('slipway');
    const answered = run.steps.filter(({ status }) => status === 'succeeded');
    expect(answered.length).toBeGreaterThanOrEqual(12);
    const staging = await stack.stageUrl('chat-app', 'staging');
    expect((await fetch(`${staging}/health`)).status).toBe(200);
  });

  it('answers its docs to everybody, and nothing else without a token', async () => {
    expect((await fetch(`${stack.url}/docs`)).status).toBe(200);
    expect((await fetch(`${stack.url}/health`)).status).toBe(200);
    expect((await fetch(`${stack.url}/api/v1/runs`)).status).toBe(401);
  });

  it('puts staging back by itself when the sample’s health breaks', async () => {
    const clone = join(stack.home, 'chat-app');
    const file = join(clone, 'backend/src/health.js');
    await writeFile(file, (await readFile(file, 'utf8')).replace('return true', 'return false'));
    const git = (...args: string[]) => finish('git', ['-C', clone, ...args]);
    expect((await git('commit', '--quiet', '--all', '--message', 'break it')).code).toBe(0);
    const { code, stderr } = await git('push', 'slipway', 'main');
    expect(code).toBe(0);
    expect(stderr).toMatch(/▸ integration … failed .*\/health/);
    expect(stderr).toMatch(/chat-app-2 was put back/);
    const staging = await stack.stageUrl('chat-app', 'staging');
    expect((await fetch(`${staging}/health`)).status).toBe(200);
  });

  it('refuses a second stack on the same home, and names the first', async () => {
    const second = E2eStack.start({ home: stack.home });
    await expect(second).rejects.toThrow(/already running/);
  });

  it('stops everything on Ctrl-C: no process, lock or port is left', async () => {
    const processes = await stack.processes();
    const { code, stdout } = await stack.interrupt();
    expect(code).toBe(0);
    expect(stdout).toContain('nothing is left running');
    for (const one of processes)
      expect({ ...one, alive: await isAlive(one) }).toMatchObject({ alive: false });
    await expect(access(join(stack.home, 'stack.lock'))).rejects.toThrow('ENOENT');
    expect(await isFree(Number(new URL(stack.url).port))).toBe(true);
  });

  it('goes on with what was waiting after a second start, on another port when its own is taken', async () => {
    const before = Number(new URL(stack.url).port);
    stack = await E2eStack.start({
      home: stack.home,
      args: [],
      env: { SLIPWAY_PORT: String(before) },
    });
    await stack.process.says(/npx slipway approve chat-app-\d+/);
    expect(new URL(stack.url).port).toBe(String(before));
    const staging = await stack.stageUrl('chat-app', 'staging');
    expect((await fetch(`${staging}/health`)).status).toBe(200);
  });

  it('runs side by side with a stack of another home', async () => {
    const port = new URL(stack.url).port;
    const other = await E2eStack.start({ env: { SLIPWAY_PORT: port } });
    try {
      expect(other.url).not.toBe(stack.url);
      expect(other.process.said()).toContain(`port ${port} is taken`);
      expect((await other.client.runs.list()).items).toEqual([]);
    } finally {
      await other.end();
    }
  });
});
