/** The CLI and what is around it: the machine, the place of the API, git, its own process. */

import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { findPlace, packageRoot } from './connect.js';
import { withToken } from './credentials.js';
import { CliWorld } from './testing/cli-world.js';
import { aRun, type FakeApi, TOKEN } from './testing/fake-api.js';

const exec = promisify(execFile);

let world: CliWorld;
let api: FakeApi;
let root: string;
let slipway: CliWorld['slipway'];
let asked: CliWorld['asked'];
beforeAll(async () => {
  world = await CliWorld.start();
  ({ api, root, slipway, asked } = world);
});
afterAll(() => world?.stop());
beforeEach(() => world.reset());

describe('doctor', () => {
  it('says what is good', async () => {
    const { code, out } = await slipway('doctor');
    expect(code).toBe(0);
    for (const part of ['node', 'git', 'disk', 'api', 'token', 'database', 'temporal']) {
      expect(out).toContain(`✔ ${part}`);
    }
  });

  it('says what is not, and what to do', async () => {
    api.databaseIsUp = false;
    const away = await slipway('doctor --json');
    expect(away.code).toBe(3);
    expect(away.json.items).toContainEqual({
      name: 'database',
      ok: false,
      detail: 'PostgreSQL does not answer',
      help: expect.stringContaining('DATABASE_URL'),
    });
    const none = await slipway('doctor', { env: { SLIPWAY_URL: 'http://127.0.0.1:1' } });
    expect(none.out).toMatch(/✘ api .*does not answer[\s\S]*npm start/);
    expect((await slipway('doctor', { env: { SLIPWAY_TOKEN: 'wrong' } })).out).toContain('✘ token');
  });

  it('says how steps are run, as the worker found when it started', async () => {
    const home = join(root, 'of-a-worker');
    await mkdir(home, { recursive: true });
    const say = (report: object) => writeFile(join(home, 'executor.json'), JSON.stringify(report));
    await say({ executor: 'plain', message: 'plain: not isolated', help: 'apt-get install x' });
    const { out, code } = await slipway('doctor', { env: { SLIPWAY_HOME: home } });
    expect(out).toMatch(/✘ executor +plain: not isolated\n +apt-get install x\n/);
    expect(code).toBe(3);
    await say({ executor: 'sandbox', message: 'sandbox: isolated', help: '' });
    const good = await slipway('doctor', { env: { SLIPWAY_HOME: home } });
    expect(good.out).toContain('✔ executor     sandbox: isolated');
  });
});

describe('where the API is', () => {
  it('comes from the environment, else from the nearest home with a token', async () => {
    const home = join(root, 'deep', '.slipway');
    const cwd = join(root, 'deep', 'er');
    await mkdir(home, { recursive: true });
    await mkdir(cwd);
    await writeFile(join(home, 'token'), `${TOKEN}\n`, { mode: 0o600 });
    await writeFile(join(home, 'url'), api.url);
    expect(findPlace({ env: {}, cwd })).toEqual({ url: api.url, token: TOKEN, home });
    expect(findPlace({ env: { SLIPWAY_HOME: home }, cwd: '/' }).token).toBe(TOKEN);
    expect(findPlace({ env: { SLIPWAY_URL: 'http://x', SLIPWAY_TOKEN: 'y' }, cwd })).toMatchObject({
      url: 'http://x',
      token: 'y',
    });
  });

  it.each([
    ['that everybody may read, as a checkout makes it', 0o644, 'http://127.0.0.1:1'],
    ['that sends us to another machine', 0o600, 'http://slipway.example:7800'],
    ['that sends us nowhere', 0o600, 'http://'],
  ])('never comes from a folder %s', async (_what, mode, url) => {
    const home = join(root, `hostile-${mode}-${url.length}`, '.slipway');
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'token'), 'theirs\n', { mode });
    await writeFile(join(home, 'url'), url);
    const place = findPlace({ env: { SLIPWAY_TOKEN: 'ours' }, cwd: join(home, '..') });
    expect(place).not.toMatchObject({ url });
    expect(place.home).not.toBe(home);
    expect(findPlace({ env: { SLIPWAY_HOME: home }, cwd: '/' })).toMatchObject({ home, url });
  });
});

describe('push', () => {
  const git = (...args: string[]) =>
    exec('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args]);

  it('gives git the token for our address only, and never on a command line', async () => {
    const env = withToken({ ...process.env, HOME: root }, api.url, TOKEN);
    const fill = (host: string) =>
      new Promise<string>((resolve) => {
        const child = spawn('git', ['credential', 'fill'], {
          cwd: root,
          env,
          stdio: ['pipe', 'pipe', 'ignore'],
        });
        let text = '';
        child.stdout.on('data', (part) => {
          text += String(part);
        });
        child.on('close', () => resolve(text));
        child.stdin.end(`protocol=http\nhost=${host}\npath=git/shop.git\n\n`);
      });
    expect(await fill(new URL(api.url).host)).toContain(`password=${TOKEN}`);
    expect(await fill('127.0.0.1:1')).not.toContain(TOKEN);
    const settings = Object.entries(env).filter(([name]) => name.startsWith('GIT_CONFIG'));
    expect(JSON.stringify(settings)).not.toContain(TOKEN);
  });

  it('adds the remote, hands on what the other side says, and exits by the status of the run', async () => {
    const bare = join(root, 'bare.git');
    await exec('git', ['init', '--quiet', '--bare', '--template=', bare]);
    await mkdir(join(bare, 'hooks'));
    await writeFile(join(bare, 'hooks/post-receive'), '#!/bin/sh\necho "▸ test … ok 2.1 s"\n');
    await chmod(join(bare, 'hooks/post-receive'), 0o755);
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'first');
    await git('remote', 'remove', 'slipway');
    const env = {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `url.${bare}.insteadOf`,
      GIT_CONFIG_VALUE_0: `${api.url}/git/shop.git`,
    };
    api.runs = [aRun({ status: 'failed' })];
    const ran = await slipway('push --repository shop --json', { env });
    expect(ran.err).toContain(`remote "slipway" is ${api.url}/git/shop.git`);
    expect(ran.err).toContain('remote: ▸ test … ok 2.1 s');
    expect([ran.code, ran.json.id]).toEqual([1, 'shop-7']);
    const { stdout } = await git('rev-parse', 'HEAD');
    expect(asked()).toEqual([`GET /runs?repository=shop&commit=${stdout.trim()}&limit=1`]);
    api.runs = [];
    expect(await slipway('push', { env })).toMatchObject({
      code: 0,
      out: 'pushed; no run was started',
    });
    await writeFile(
      join(bare, 'hooks/pre-receive'),
      '#!/bin/sh\necho "nothing was changed"\nexit 1\n',
    );
    await chmod(join(bare, 'hooks/pre-receive'), 0o755);
    await git('commit', '--quiet', '--allow-empty', '--message', 'second');
    expect((await slipway('push', { env })).code).toBe(3);
    expect((await slipway('push nothing', { env })).code).toBe(2);
  });
});

describe('the process', () => {
  const bin = join(packageRoot(), 'bin/slipway.mjs');
  const env = () => ({ PATH: process.env['PATH'], SLIPWAY_URL: api.url, SLIPWAY_TOKEN: TOKEN });
  const start = (...args: string[]) =>
    exec(process.execPath, [bin, ...args], { cwd: root, env: env() }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );

  beforeAll(() => exec(process.execPath, [join(packageRoot(), 'scripts/build.mjs')]), 60_000);

  it('prints one document on stdout, and exits by the status', async () => {
    api.runs = [aRun({ status: 'errored' })];
    const shown = await start('show', '7', '--repository', 'x');
    expect(shown.code).toBe(2);
    const { code, stdout, stderr } = await start('show', 'shop-7', '--json');
    expect([code, JSON.parse(stdout).status, stderr]).toEqual([3, 'errored', '']);
  });

  it('answers --help without loading what commands need', async () => {
    const { stdout } = await start('--help');
    expect(stdout).toContain('Exit codes: 0 succeeded');
  });
});
