import { appendFile, readdir } from 'node:fs/promises';
import { Agent } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ask, isRunning, TestHome, until } from '../testing/home.js';

// Real git, real processes, real traffic: what a stage does while releases come and go.

let home: TestHome;
beforeEach(async () => {
  home = await TestHome.create();
});
afterEach(() => home.remove());

describe('a stage', () => {
  it('serves what Git says, and says so', async () => {
    const one = await home.release(1, 'one');
    await home.start();
    await home.deploy(1, one);
    const { url, message } = await home.serves(one);
    expect(await ask(url ?? '')).toEqual({ status: 200, text: 'one' });
    expect(message).toBe('serves 1111111');
  });

  it('gives an instance nothing of ours but where it is', async () => {
    process.env['SLIPWAY_TEST_SECRET'] = 'ours';
    const one = await home.release(1, 'one');
    await home.start();
    await home.deploy(1, one);
    const { url } = await home.serves(one);
    const env = JSON.parse((await ask(url ?? '', '/env')).text) as Record<string, string>;
    delete process.env['SLIPWAY_TEST_SECRET'];
    const given = Object.keys(env).filter(
      (name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name),
    );
    expect(given.sort()).toEqual([
      'HOME',
      'HOST',
      'LANG',
      'PATH',
      'PORT',
      'SLIPWAY_ARTIFACTS',
      'SLIPWAY_COMMIT',
      'SLIPWAY_RELEASE',
      'SLIPWAY_STAGE',
    ]);
    expect(env['SLIPWAY_STAGE']).toBe('staging');
  });

  it('drops no request while it switches, and switches back', async () => {
    const one = await home.release(1, 'one');
    const two = await home.release(2, 'two');
    await home.start();
    await home.deploy(1, one);
    const { url } = await home.serves(one);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const answers: string[] = [];
    let isOver = false;
    const client = async (): Promise<void> => {
      while (answers.length < 20_000 && (!isOver || answers.length < 500)) {
        const { status, text } = await ask(url ?? '', '/', agent);
        answers.push(`${status} ${text}`);
      }
    };
    const load = Promise.all(Array.from({ length: 8 }, client));
    await until(() => answers.length > 50);
    await home.deploy(2, two);
    await home.serves(two);
    await until(() => answers.at(-1) === '200 two');
    await home.putBack(2, two);
    await home.serves(one);
    await until(() => answers.at(-1) === '200 one');
    isOver = true;
    await load;
    agent.destroy();
    expect([...new Set(answers)].sort()).toEqual(['200 one', '200 two']);
  });

  it('lets the old instance finish what it was asked', async () => {
    const one = await home.release(1, 'one');
    const two = await home.release(2, 'two');
    await home.start();
    await home.deploy(1, one);
    const { url } = await home.serves(one);
    await home.deploy(2, two);
    const slow: Promise<unknown>[] = [];
    await until(() => {
      slow.push(ask(url ?? '', '/slow'));
      return home.seen?.digest === two.digest;
    });
    const answers = (await Promise.all(slow)) as { status: number }[];
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(await ask(url ?? '')).toEqual({ status: 200, text: 'two' });
  });

  it('keeps what serves when the new release ends at once, and repeats its last words', async () => {
    const one = await home.release(1, 'one');
    const bad = await home.release(2, 'bad', 'echo "no such table: users" >&2; exit 7');
    await home.start();
    await home.deploy(1, one);
    const { url } = await home.serves(one);
    await home.deploy(2, bad);
    const { digest, message } = await home.sees({ health: 'degraded' });
    expect(digest).toBe(one.digest);
    expect(message).toMatch(
      /^release \w{7} ended with exit code 7; its last words: no such table: users; 1111111 still serves$/,
    );
    expect(await ask(url ?? '')).toEqual({ status: 200, text: 'one' });
    await home.putBack(2, bad);
    await home.serves(one);
  });

  it('serves nothing when Git says so', async () => {
    const one = await home.release(1, 'one');
    await home.start();
    await home.deploy(1, one);
    const { url } = await home.serves(one);
    const { pid } = await home.instance();
    await home.putBack(1, one);
    await home.sees({ health: 'absent', digest: null });
    expect(await ask(url ?? '')).toMatchObject({ status: 503 });
    await until(() => !isRunning(pid));
  });

  it('starts a killed instance again, and nobody who asks notices', async () => {
    const one = await home.release(1, 'one');
    await home.start();
    await home.deploy(1, one);
    const { url } = await home.serves(one);
    const { pid } = await home.instance();
    process.kill(pid, 'SIGKILL');
    await until(() => !isRunning(pid));
    expect(await ask(url ?? '')).toEqual({ status: 200, text: 'one' });
    await home.serves(one);
    expect((await home.instance()).pid).not.toBe(pid);
  });

  it('starts an instance again that lives and answers nothing', async () => {
    const one = await home.release(1, 'one');
    await home.start();
    await home.deploy(1, one);
    const { url } = await home.serves(one);
    const { pid } = await home.instance();
    process.kill(-pid, 'SIGSTOP');
    await until(() => home.lines.some((line) => line.includes('did not answer 2 times in a row')));
    expect(await ask(url ?? '')).toEqual({ status: 200, text: 'one' });
    await home.serves(one);
    expect((await home.instance()).pid).not.toBe(pid);
    await until(() => !isRunning(pid));
  });

  it('says degraded when an instance ends again and again', async () => {
    const one = await home.release(1, 'one');
    await home.start();
    await home.deploy(1, one);
    const { url } = await home.serves(one);
    await until(async () => {
      await ask(url ?? '', '/crash').catch(() => {});
      return home.seen?.health === 'degraded';
    });
    expect(home.seen?.message).toContain('ended with exit code 3');
  });

  it('unpacks a release anew when one of its files was changed', async () => {
    const one = await home.release(1, 'one');
    await home.start();
    await home.deploy(1, one);
    const { url } = await home.serves(one);
    const { pid, folder } = await home.instance();
    await appendFile(join(folder, 'image', 'main.mjs'), '\n// improved by hand');
    await until(async () => (await home.instance())?.pid !== pid);
    expect(await ask(url ?? '')).toEqual({ status: 200, text: 'one' });
    await until(() => !isRunning(pid));
    expect(home.lines.join('\n')).toContain('"image/main.mjs" of the running release was changed');
  });

  it('keeps three releases, and no more', async () => {
    await home.start();
    for (const order of [1, 2, 3, 4, 5]) {
      const made = await home.release(order, `number ${order}`);
      await home.deploy(order, made);
      await home.serves(made);
    }
    await until(async () => {
      const names = await readdir(home.stageFolder());
      return names.filter((name) => /^[0-9a-f]{12}$/.test(name)).length === 3;
    });
  });

  it('says what is wrong when an artifact is missing', async () => {
    const one = await home.release(1, 'one');
    const [artifact] = one.artifacts;
    if (!artifact) throw new Error('a release has an artifact');
    const digest = `sha256:${'f'.repeat(64)}`;
    await home.start();
    await home.deploy(1, { ...one, artifacts: [{ ...artifact, digest }] });
    const { message } = await home.sees({ health: 'degraded' });
    expect(message).toContain('the artifact store cannot give sha256:ffffffffffff');
  });
});

describe('a reconciler', () => {
  it('ends every instance when it is stopped', async () => {
    const one = await home.release(1, 'one');
    await home.start();
    await home.deploy(1, one);
    await home.serves(one);
    const { pid } = await home.instance();
    await home.stop();
    await until(() => !isRunning(pid));
  });

  it('adopts what the one before it left running, on the same port', async () => {
    const one = await home.release(1, 'one');
    await home.start();
    await home.deploy(1, one);
    const { url } = await home.serves(one);
    const { pid } = await home.instance();
    await home.stop(false);
    expect(isRunning(pid)).toBe(true);
    await home.start();
    expect(await ask(url ?? '')).toEqual({ status: 200, text: 'one' });
    expect((await home.serves(one)).url).toBe(url);
    expect((await home.instance()).pid).toBe(pid);
  });

  it('takes another port when somebody else has the stage’s, and says so', async () => {
    const one = await home.release(1, 'one');
    await home.start();
    await home.deploy(1, one);
    const { url } = await home.serves(one);
    await home.stop();
    const thief = createServer().listen(Number(new URL(url ?? '').port), '127.0.0.1');
    await new Promise((resolve) => thief.once('listening', resolve));
    await home.start();
    const moved = await home.serves(one);
    expect(moved.url).not.toBe(url);
    expect(home.lines.join('\n')).toContain('is taken by somebody else');
    await new Promise((resolve) => thief.close(resolve));
  });

  it('refuses to be the second on a home', async () => {
    await home.start();
    const second = home.start();
    await expect(second).rejects.toThrow(/is already the reconciler of this home/);
  });
});
