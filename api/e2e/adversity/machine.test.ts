/** A machine that misbehaves: its clock jumps, processes stop, the database is slow, descriptors run out. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { ApiProblem } from '../../client/client.js';
import { files, pipeline } from '../harness/app.js';
import type { Clone } from '../harness/clone.js';
import { eventually } from '../harness/eventually.js';
import { E2eStack } from '../harness/stack.js';
import { SlowDatabase } from './slow-database.js';

const HOUR_MS = 3_600_000;
const CONNECTIONS = 200;
const AGAIN_MS = 20;
/** A statement's limit on the server, on our side, and a little for a busy machine. Milliseconds. */
const ANSWER_LIMIT_MS = 40_000;

let folder: string;
let database: SlowDatabase;
let stack: E2eStack;
let web: Clone;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-machine-'));
  database = await SlowDatabase.start();
  await clockIsWrongBy(0);
  stack = await E2eStack.start({
    env: {
      SLIPWAY_EXECUTOR: 'plain', // Steps wait for files outside of their workspaces.
      DATABASE_URL: database.url,
      NODE_OPTIONS: `--import=${join(process.cwd(), 'api/e2e/adversity/clock.mjs')}`,
      SLIPWAY_TEST_CLOCK: join(folder, 'clock'),
    },
  });
  const gate = 'from: [admin], timeout: 1h';
  web = await stack.clone('web', files({ version: 'one' }, pipeline({ gate })));
  await web.push();
  await stack.runIs('web-1', 'waiting');
});
afterAll(async () => {
  database?.speak();
  await web?.remove();
  await stack?.end();
  await database?.end();
  await rm(folder, { recursive: true, force: true });
});

describe('a clock that jumps', () => {
  afterAll(() => clockIsWrongBy(0));

  it('a day ahead and an hour back times out no step, and shows no time that runs backwards', async () => {
    const slow = await waiting('jump');
    await clockIsWrongBy(24 * HOUR_MS);
    const push = slow.clone.pushing();
    await slow.begins();
    await clockIsWrongBy(-HOUR_MS);
    await slow.goes();
    const { steps } = await stack.runIs('jump-1', 'succeeded');
    for (const { startedAt, finishedAt } of steps) {
      expect(Date.parse(finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(startedAt ?? ''));
    }
    await push.ended;
  });

  it('closes no gate early, and lets the admin in as before', async () => {
    await clockIsWrongBy(24 * HOUR_MS);
    expect(await stack.client.approvals.list({ state: 'open' })).toMatchObject({
      items: [{ runId: 'web-1' }],
    });
    expect((await stack.client.runs.get('web-1')).status).toBe('waiting');
    expect((await stack.client.users.me()).login).toBe('admin');
  });

  it('leaves runs in the order of their triggers, and what is known of a stage fresh', async () => {
    await web.commit('two', files({ version: 'two' }, pipeline()));
    expect((await web.push()).stderr).toMatch(/web-2 succeeded/);
    await clockIsWrongBy(-HOUR_MS);
    await web.commit('three', files({ version: 'three' }, pipeline()));
    expect((await web.push()).stderr).toMatch(/web-3 succeeded/);
    const { items } = await stack.client.runs.list({ repository: 'web' });
    expect(items.map(({ id }) => id)).toEqual(['web-3', 'web-2', 'web-1']);
    expect((await stack.client.stages.get('web', 'staging')).health).toBe('healthy');
  });
});

describe('stopped processes', () => {
  it('of ours are noticed, go on where they were, and no attempt counts twice', async () => {
    const slow = await waiting('held');
    slow.clone.pushing();
    await slow.begins();
    const pids = await pidsOf('worker', 'api', 'reconciler');
    const push = await whileStopped(pids, async () => {
      const pushing = web.pushing();
      for (const name of ['worker', 'api', 'reconciler']) {
        await stack.process.says(new RegExp(`${name} has not answered for 15 s`));
      }
      return pushing;
    });
    for (const name of ['worker', 'api', 'reconciler']) {
      await stack.process.says(new RegExp(`${name} answers again`));
    }
    await eventually('the attempt that was given up has ended itself', async () =>
      (await stack.client.runs.logText('held-1')).includes('the worker stood still for'),
    );
    await eventually('another attempt has begun', async () => (await slow.told()).length > 1);
    await slow.goes();
    const run = await stack.runIs('held-1', 'succeeded');
    const begun = (await slow.told()).filter((word) => word === 'begun');
    expect(run.steps[0]?.attempts).toBeGreaterThanOrEqual(begun.length);
    expect(await stack.client.runs.logText('held-1')).toMatch(/^done$/m);
    expect(await push.ended).toMatchObject({ code: 0 });
    expect(await pidsOf('worker', 'api', 'reconciler')).toEqual(pids);
  }, 400_000);

  it('of PostgreSQL and Temporal are named by the health, and everything goes on after them', async () => {
    const pids = [...(await database.processes()), ...(await pidsOf('temporal'))];
    const refused = await whileStopped(pids, async () => {
      await eventually('both are missed', async () => {
        const { services } = await stack.client.health();
        return ['database', 'temporal'].every((name) => services[name]?.status === 'unhealthy');
      });
      return refusal(() => stack.client.runs.decide('web-1', { answer: 'approve' }));
    });
    expect(refused).toMatchObject({ status: 503, retryAfterSeconds: expect.any(Number) });
    await eventually('both are back', async () => (await fetch(`${stack.url}/health`)).ok);
    expect((await stack.client.runs.get('web-1')).status).toBe('waiting');
    expect((await stack.slipway('approve', 'web-1')).code).toBe(0);
    await stack.runIs('web-1', 'succeeded', 'superseded');
  });
});

describe('a slow database', () => {
  it('makes a run slow, and nothing else', async () => {
    database.delayMs = 100;
    await web.commit('four', files({ version: 'four' }, pipeline()));
    const { code, stderr } = await web.push();
    database.delayMs = 0;
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/succeeded/) });
  });

  it('that is silent is a 503 that names it, within a limit, and work goes on afterwards', async () => {
    const slow = await waiting('silent');
    slow.clone.pushing();
    await slow.begins();
    database.fallSilent();
    const startedMs = performance.now();
    const [read, push] = await Promise.all([
      refusal(() => stack.client.runs.get('web-1')),
      web.push(),
    ]);
    expect(performance.now() - startedMs).toBeLessThan(ANSWER_LIMIT_MS);
    expect(read).toMatchObject({ status: 503, retryAfterSeconds: expect.any(Number) });
    expect(read.message).toMatch(/PostgreSQL/);
    expect(push.code).not.toBe(0);
    await slow.goes();
    database.speak();
    const run = await stack.runIs('silent-1', 'succeeded');
    expect(run.steps).toMatchObject([{ status: 'succeeded' }]);
    expect(await stack.client.runs.logText('silent-1')).toMatch(
      /^begun\n(.*\n)*?.*echo done.*\ndone\n$/m,
    );
    expect((await web.push()).code).toBe(0);
  });

  it('whose table is locked by somebody is a 503 that says so, and no run is harmed', async () => {
    const slow = await waiting('locked');
    slow.clone.pushing();
    await slow.begins();
    const client = new pg.Client(database.direct.href);
    await client.connect();
    await client.query('BEGIN');
    await client.query('LOCK TABLE runs IN ACCESS EXCLUSIVE MODE');
    const refused = await refusal(() => stack.client.runs.get('locked-1'));
    await slow.goes();
    await client.query('ROLLBACK');
    await client.end();
    expect(refused.status).toBe(503);
    expect(refused.message).toMatch(/PostgreSQL did not answer in time.*locks/);
    await stack.runIs('locked-1', 'succeeded');
  });
});

describe('descriptors that run out', () => {
  /** Leaves a process so many; returns how to give it back what it had. */
  const lower = async (pid: number, left: number): Promise<() => void> => {
    const limits = await readFile(`/proc/${pid}/limits`, 'utf8');
    const [, before = ''] = /^Max open files +(\d+)/m.exec(limits) ?? [];
    const used = new Set((await readdir(`/proc/${pid}/fd`)).map(Number));
    const set = (limit: number) =>
      execFileSync('prlimit', ['--pid', String(pid), `--nofile=${limit}:`]);
    // A new descriptor takes the lowest free number, which must be below the limit.
    let limit = 0;
    for (let free = 0; free < left; limit++) if (!used.has(limit)) free++;
    set(limit);
    return () => set(Number(before));
  };

  it('of the API end no process and no run; it answers again when there are some', async () => {
    const [pid = 0] = await pidsOf('api');
    const commit = await web.commit('five', files({ version: 'five' }, pipeline()));
    const raise = await lower(pid, 4);
    const leave = crowd(new URL(stack.url));
    try {
      await eventually('the log says why', async () =>
        (await readFile(join(stack.home, 'logs/api.log'), 'utf8')).includes(
          'no file descriptor is left',
        ),
      );
      expect((await web.push()).code).not.toBe(0);
    } finally {
      leave();
      raise();
    }
    await eventually('the API answers', async () => (await fetch(`${stack.url}/health`)).ok);
    expect(await pidsOf('api')).toEqual([pid]);
    expect((await web.push()).stderr).toMatch(/succeeded/);
    expect((await stack.client.runs.list({ repository: 'web', commit })).items).toHaveLength(1);
  });

  it('of the worker fail no step: it waits, or goes on with the worker that is started anew', async () => {
    const [pid = 0] = await pidsOf('worker');
    const step = await waiting('narrow');
    const raise = await lower(pid, 1);
    const push = step.clone.pushing();
    try {
      // Node itself ends where a workflow's sandbox cannot have the descriptors of its watchdog.
      await eventually('it waits with a reason, or another worker has begun it', async () => {
        if ((await step.told()).length > 0) return true;
        const { items } = await stack.client.runs.steps('narrow-1');
        return items.some(({ reason }) => /no file descriptor is left/.test(reason ?? ''));
      });
    } finally {
      if ((await pidsOf('worker'))[0] === pid) raise();
    }
    await step.goes();
    await stack.runIs('narrow-1', 'succeeded');
    await push.ended;
  });
});

async function whileStopped<T>(pids: number[], work: () => Promise<T>): Promise<T> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
}

async function clockIsWrongBy(ms: number): Promise<void> {
  await writeFile(join(folder, 'clock'), String(ms));
}

async function pidsOf(...names: string[]): Promise<number[]> {
  const all = await stack.processes();
  return names.map((name) => all.find((one) => one.name === name)?.pid ?? 0);
}

/** A repository with one step that tells what it does, and waits until it may go. */
async function waiting(name: string) {
  const told = join(folder, `${name}-told`);
  const go = join(folder, `${name}-go`);
  const clone = await stack.clone(name, {
    '.slipway/pipeline.yaml': `version: 1
name: ${name}
steps:
  wait:
    run: [echo begun | tee -a ${told}, "until [ -e ${go} ]; do sleep 0.1; done", echo done | tee -a ${told}]
    retry: { attempts: 20 }
`,
  });
  const lines = async () => {
    const text = await readFile(told, 'utf8').catch(() => '');
    return text.split('\n').filter(Boolean);
  };
  return {
    clone,
    told: lines,
    begins: () => eventually(`${name} has begun`, async () => (await lines()).length > 0),
    goes: () => writeFile(go, ''),
  };
}

async function refusal(ask: () => Promise<unknown>): Promise<ApiProblem> {
  try {
    await ask();
  } catch (error) {
    if (error instanceof ApiProblem) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** So many connections, each made again when it is closed. Returns how to close all of them. */
function crowd({ port, hostname }: URL): () => void {
  const sockets = new Set<Socket>();
  let isOver = false;
  const come = (): void => {
    if (isOver) return;
    const socket = connect(Number(port), hostname);
    sockets.add(socket);
    socket.on('error', () => {}); // `close` follows.
    socket.on('close', () => {
      sockets.delete(socket);
      setTimeout(come, AGAIN_MS);
    });
  };
  for (let count = 0; count < CONNECTIONS; count++) come();
  return () => {
    isOver = true;
    for (const socket of sockets) socket.destroy();
  };
}
