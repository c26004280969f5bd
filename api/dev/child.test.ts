import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Child } from './child.js';

const LIVES = `process.send('ready'); setInterval(() => {}, 1000);`;
const DIES = `process.send('ready'); process.exit(1);`;
const backoffMs = { first: 1, most: 5 };
const full = 'no space is left on the disk that holds "/home"';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-child-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** What was said, and a wait for words. */
function ear() {
  const said: string[] = [];
  const waiting: { what: string; heard: () => void }[] = [];
  const say = (text: string): void => {
    said.push(text);
    for (const { what, heard } of waiting) if (text.includes(what)) heard();
  };
  const hears = (what: string) =>
    new Promise<void>((heard) => {
      waiting.push({ what, heard });
    });
  return { said, say, hears };
}

describe('a process in trouble', () => {
  it('that could not be started at all is tried again until it can', async () => {
    const { said, say, hears } = ear();
    const command = join(home, 'node');
    await symlink(process.execPath, command);
    const part = new Child(
      { name: 'part', command, args: ['-e', LIVES], env: process.env, backoffMs },
      { logs: home },
      { changed: async () => {}, say, gaveUp: say },
    );
    await part.start();
    await rm(command);
    const missing = hears('ENOENT');
    process.kill(part.pid ?? 0, 'SIGKILL');
    await missing;
    const back = hears('part is back');
    await symlink(process.execPath, command);
    await back;
    expect(said.some((text) => text.startsWith('part ended (could not be started)'))).toBe(true);
    await part.stop();
  });

  it('whose death the machine explains is never given up, and the reason is said', async () => {
    const { said, say, hears } = ear();
    let deaths = 0;
    const part = new Child(
      { name: 'part', command: process.execPath, args: ['-e', DIES], env: process.env, backoffMs },
      { logs: home },
      {
        changed: () => Promise.reject(new Error('no room')),
        say,
        gaveUp: (reason) => say(`gave up: ${reason}`),
        trouble: () => (++deaths <= 22 ? full : undefined),
      },
    );
    const onItsOwn = hears('part ended (1); starting it again');
    await part.start().catch(() => {});
    await onItsOwn;
    await part.stop();
    expect(said).toContain(`part ended (1); ${full}; starting it again in 5 ms`);
    expect(said).toContain('stack.json cannot be written: no room');
    expect(said.join('\n')).not.toContain('gave up');
  });
});
