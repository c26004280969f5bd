import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Child } from './child.js';
import { identify, isAlive } from './identity.js';
import { endLeftovers, writeDown } from './leftovers.js';
import { takeLock } from './lock.js';
import { cutLog, MAX_LOG_FILE_BYTES } from './log-limit.js';
import { choosePorts, isFree } from './ports.js';
import { credentialHelper } from './sample.js';
import { adminToken } from './token.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-parts-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('the lock of a home', () => {
  it('is held by one stack, and names it', async () => {
    const release = await takeLock(home);
    await expect(takeLock(home)).rejects.toThrow(`process ${process.pid}`);
    await release();
    await (await takeLock(home))();
  });

  it('of a stack that is gone holds nothing, even when its id lives on in another process', async () => {
    const impostor = { pid: process.pid, started: 'long ago' };
    await writeFile(join(home, 'stack.lock'), JSON.stringify(impostor));
    await (await takeLock(home))();
  });

  it('that was cut off while it was written holds nothing', async () => {
    await writeFile(join(home, 'stack.lock'), '{"pid":');
    await (await takeLock(home))();
  });
});

describe('the ports of a stack', () => {
  it('are those of last time, so that links live', async () => {
    const first = await choosePorts(home, 0);
    expect(await choosePorts(home, 0)).toEqual(first);
    expect(new Set(Object.values(first)).size).toBe(4);
  });

  it('that are taken are replaced by free ones', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as { port: number };
    const chosen = await choosePorts(home, port);
    expect(chosen.api).not.toBe(port);
    expect(await isFree(chosen.api)).toBe(true);
    squatter.close();
    await once(squatter, 'close');
  });
});

describe('what a killed stack left', () => {
  it('is ended by the next start, by id and start time', async () => {
    const left = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const ended = once(left, 'exit');
    await writeDown(home, { worker: left.pid ?? 0 });
    expect(await endLeftovers(home)).toEqual(['worker']);
    await ended;
  });

  it('is written down whole, however many processes come back at once', async () => {
    const lists = Array.from({ length: 20 }, (_, n) =>
      Object.fromEntries(Array.from({ length: (n % 5) + 1 }, (_each, i) => [`p${i}`, process.pid])),
    );
    await Promise.all(lists.map((pids) => writeDown(home, pids)));
    const kept = JSON.parse(await readFile(join(home, 'stack.json'), 'utf8'));
    expect(kept.map(({ name }: { name: string }) => name)).toEqual(Object.keys(lists.at(-1) ?? {}));
  });

  it('is nobody else’s process that got its id', async () => {
    const started = [{ name: 'api', pid: process.pid, started: 'long ago' }];
    await writeFile(join(home, 'stack.json'), JSON.stringify(started));
    expect(await endLeftovers(home)).toEqual([]);
  });
});

describe('a process of the stack', () => {
  const script = `process.send('ready'); setInterval(() => {}, 1000);`;
  const child = (args: string[], said: string[], gaveUp: (reason: string) => void = () => {}) =>
    new Child(
      { name: 'part', command: process.execPath, args, env: process.env },
      { logs: home },
      { changed: async () => {}, say: (text) => void said.push(text), gaveUp },
    );

  it('that dies is started again, and said to be back', async () => {
    const said: string[] = [];
    let isBack: () => void = () => {};
    const back = new Promise<void>((resolve) => {
      isBack = resolve;
    });
    const part = new Child(
      { name: 'part', command: process.execPath, args: ['-e', script], env: process.env },
      { logs: home },
      {
        changed: async () => {},
        say: (text) => {
          said.push(text);
          if (text === 'part is back') isBack();
        },
        gaveUp: () => {},
      },
    );
    await part.start();
    const first = part.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await back;
    expect(part.pid).not.toBe(first);
    expect(said[0]).toMatch(/part ended \(SIGKILL\); starting it again in 200 ms/);
    const second = await identify(part.pid ?? 0);
    await part.stop();
    expect(await isAlive(second)).toBe(false);
  });

  it('that dies again and again is given up after 20 restarts, with longer and longer waits', async () => {
    const said: string[] = [];
    const { promise: end, resolve: gaveUp } = Promise.withResolvers<string>();
    const part = new Child(
      {
        name: 'part',
        command: process.execPath,
        args: ['-e', 'process.exit(7)'],
        env: process.env,
        backoffMs: { first: 1, most: 4 },
      },
      { logs: home },
      { changed: async () => {}, say: (text) => void said.push(text), gaveUp },
    );
    await expect(part.start()).rejects.toThrow('part ended (7)');
    expect(await end).toMatch(/^part died 21 times in 5 minutes; see .*part\.log$/);
    await part.stop();
    const waits = said.flatMap((text) => text.match(/starting it again in (\d+) ms/)?.[1] ?? []);
    expect(waits.slice(0, 4)).toEqual(['1', '2', '4', '4']);
    expect(waits).toHaveLength(20);
  });

  it('that cannot start says so, and where its log is', async () => {
    const part = child(['-e', 'console.error("no room"); process.exit(3)'], []);
    await expect(part.start()).rejects.toThrow(/part ended \(3\); its log is .*part\.log/);
    await part.stop();
    expect(await readFile(part.logFile, 'utf8')).toContain('no room');
  });
});

describe('the log of a process', () => {
  it('that is too long is cut while its writer goes on, and the older part is kept', async () => {
    const file = join(home, 'api.log');
    const writer = await open(file, 'a');
    await writer.write('x'.repeat(MAX_LOG_FILE_BYTES));
    expect(await cutLog(file)).toBe(false);
    await writer.write('one more');
    expect(await cutLog(file)).toBe(true);
    await writer.write('later');
    await writer.close();
    expect(await readFile(file, 'utf8')).toBe('later');
    expect((await stat(`${file}.old`)).size).toBe(MAX_LOG_FILE_BYTES + 'one more'.length);
  });
});

describe('the admin’s token', () => {
  it('is made once, for the eyes of the user alone', async () => {
    const token = await adminToken(home);
    expect(token).toMatch(/^slp_[\w-]{43}$/);
    expect(await adminToken(home)).toBe(token);
    expect((await stat(join(home, 'token'))).mode & 0o777).toBe(0o600);
  });

  it('is read by git from the file, and is in no configuration', async () => {
    await writeFile(join(home, 'to ken'), 'slp_secret\n');
    const helper = credentialHelper(join(home, 'to ken'));
    expect(helper).not.toContain('slp_secret');
    const git = spawn('git', ['-c', `credential.helper=${helper}`, 'credential', 'fill']);
    git.stdin.end('protocol=http\nhost=localhost\n\n');
    const chunks: Buffer[] = [];
    for await (const chunk of git.stdout) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toContain('password=slp_secret');
  });
});
