import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BareRepository } from '../git.repository.js';
import { createGitOps } from '../gitops.git.adapter.js';
import { isRunning, until } from '../testing/home.js';
import { pin, release, withdrawal } from '../testing/stories.js';
import { beginLog, keepSmall, lastLines } from './instance-log.js';
import { takeLock } from './lock.js';
import { endGroup, identify, isAlive } from './processes.js';
import { type Report, Reporter } from './reporter.js';
import { failedAgain, NO_FAILURE, verdictOn } from './verdict.js';
import { parseRelease, type Wanted, WantedReader } from './wanted.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('what Git wants', () => {
  it('is read as it was written', () => {
    const written = release(1, { health: '/health' });
    expect(parseRelease(JSON.stringify(written))).toEqual(written);
  });

  it.each([
    ['digest', { digest: 'latest' }],
    ['commit', { commit: 'main' }],
    ['health', { health: 'health' }],
    ['artifacts', { artifacts: [] }],
    ['artifacts.name', { artifacts: [{ ...release(1).artifacts[0], name: '../x' }] }],
    ['none has a command', { artifacts: [{ ...release(1).artifacts[0], command: '' }] }],
  ])('is refused with the name of the field: %s', (field, over) => {
    const text = JSON.stringify({ ...release(1), ...over });
    expect(() => parseRelease(text)).toThrow(field);
  });

  it('keeps the revision of a stage that did not change', async () => {
    const path = join(folder, 'gitops.git');
    const [gitops, git] = [createGitOps(path), new BareRepository(path)];
    const reader = new WantedReader(git);
    const read = async () => reader.at((await git.head()) ?? '');
    await gitops.pin(pin(1));
    const first = (await read()).get('chat-app/staging');
    await gitops.pin(pin(2, { stage: 'production' }));
    const both = await read();
    expect(both.get('chat-app/staging')).toEqual(first);
    expect(both.get('chat-app/production')).toMatchObject({ release: release(2) });
    await gitops.putBack(withdrawal(1));
    const emptied = (await read()).get('chat-app/staging');
    expect(emptied).toMatchObject({ release: null, revision: await git.head() });
  });
});

describe('a verdict on a stage', () => {
  const wanted: Wanted = {
    repository: 'chat-app',
    stage: 'staging',
    release: release(2),
    revision: 'r',
  };
  const seen = { ...release(2), objections: 0, objection: undefined };
  const old = { ...release(1), objections: 0, objection: undefined };
  const failed = (times: number) => {
    let failure = NO_FAILURE;
    for (let i = 0; i < times; i++) {
      failure = failedAgain(failure, { reason: 'was ended by SIGKILL', isFatal: false, now: 0 });
    }
    return failure;
  };

  it.each([
    ['healthy', 'serves 2222222', seen, NO_FAILURE],
    ['healthy', 'serves 2222222', { ...seen, objections: 1, objection: 'slow' }, NO_FAILURE],
    ['degraded', 'slow', { ...seen, objections: 2, objection: 'slow' }, NO_FAILURE],
    ['progressing', 'starting 2222222; 1111111 still serves', old, NO_FAILURE],
    ['progressing', 'was ended by SIGKILL; starting 2222222', undefined, failed(2)],
    ['degraded', 'was ended by SIGKILL', undefined, failed(3)],
    ['degraded', 'still serves', old, { ...failed(1), isFatal: true }],
  ])('is %s: "%s"', (health, message, instance, failure) => {
    const verdict = verdictOn(wanted, instance, failure);
    expect(verdict).toEqual({ health, message: expect.stringContaining(message) });
  });

  it('is never a no while it is the machine that ran out of something', () => {
    let failure = NO_FAILURE;
    for (let i = 0; i < 9; i++) {
      const reason = 'cannot be started: no space is left on the disk';
      failure = failedAgain(failure, { reason, isFatal: true, isMachines: true, now: 0 });
    }
    const { health, message } = verdictOn(wanted, undefined, failure);
    expect({ health, retryAt: failure.retryAt }).toEqual({ health: 'progressing', retryAt: 2_000 });
    expect(message).toContain('no space is left on the disk');
  });

  it('repairs at once first, then waits longer and longer, and never more than a minute', () => {
    const pauses = [1, 2, 3, 4, 9].map((times) => failed(times).retryAt);
    expect(pauses).toEqual([0, 2_000, 4_000, 8_000, 60_000]);
  });
});

describe('processes', () => {
  it('are ended with all their children, also those that do not listen', async () => {
    const script = 'trap "" TERM; sleep 60 & echo $!; while true; do sleep 0.05; done';
    const leader = spawn('bash', ['-c', script], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const child = await new Promise<number>((resolve) =>
      leader.stdout.once('data', (text) => resolve(Number(text))),
    );
    const identity = identify(leader.pid ?? 0);
    expect(isAlive(identity)).toBe(true);
    await endGroup(identity, 100);
    await until(() => !isAlive(identity));
    expect(isAlive(identify(child)) && isRunning(child)).toBe(false);
  });

  it('are not taken for another one that has their number', async () => {
    const other = { pid: process.pid, started: '1' };
    expect(isAlive(other)).toBe(false);
    await endGroup(other, 0);
  });
});

describe('the lock of a home', () => {
  it('is taken over from a process that is gone, and given back', async () => {
    const file = join(folder, 'stages', 'reconciler.lock');
    takeLock(file)();
    await writeFile(file, JSON.stringify({ pid: process.pid, started: '1' }));
    const unlock = takeLock(file);
    expect(() => takeLock(file)).toThrow(/is already the reconciler/);
    unlock();
    takeLock(file)();
  });
});

describe('the log of an instance', () => {
  it('shows the last lines of the last instance only', async () => {
    const log = join(folder, 'a.log');
    await writeFile(log, 'an earlier instance\n');
    beginLog(log);
    expect(lastLines(log)).toBe('');
    await appendFile(log, '\nstarting\nno such table\n');
    expect(lastLines(log)).toBe('starting | no such table');
    expect(lastLines(join(folder, 'none.log'))).toBe('');
  });

  it('starts again when it is large, and keeps the part before', async () => {
    const log = join(folder, 'a.log');
    await writeFile(log, 'x'.repeat(2_000));
    keepSmall(log, 1_000);
    expect((await stat(log)).size).toBe(0);
    expect(await readFile(`${log}.1`, 'utf8')).toHaveLength(2_000);
  });
});

describe('reports', () => {
  const report: Report = {
    repository: 'chat-app',
    name: 'staging',
    url: null,
    revision: 'r',
    digest: null,
    health: 'absent',
    message: '',
  };

  it('say a thing once, and again what could not be said', async () => {
    const told: Report[] = [];
    const said: string[] = [];
    let isAway = true;
    const observe = async (given: Report): Promise<void> => {
      if (isAway) throw new Error('PostgreSQL cannot be reached');
      told.push(given);
    };
    const reporter = new Reporter({ observe }, (line) => void said.push(line));
    reporter.tell(report);
    await until(() => said.length === 1);
    isAway = false;
    await until(() => told.length === 1);
    reporter.tell({ ...report });
    reporter.tell({ ...report, health: 'healthy' });
    await until(() => told.length === 2);
    await reporter.close();
    expect(told.map(({ health }) => health)).toEqual(['absent', 'healthy']);
  });
});
