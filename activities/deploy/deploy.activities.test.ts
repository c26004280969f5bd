import { beforeEach, describe, expect, it } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { StepContext } from '../../workflows/domain/step.js';
import type { StepOf } from '../../workflows/pipeline/plan.js';
import { FakeLogs } from '../logs/logs.fake.js';
import type { ReleaseRow, StageEvent } from '../store/store.ports.js';
import { createDeployActivities, type DeployActivities } from './deploy.activities.js';
import { FakeGitOps } from './gitops.fake.js';
import { createProcessTarget } from './process.target.js';
import { digestOf } from './release.digest.js';
import { FakeTarget } from './target.fake.js';
import { pin, REPOSITORY, release, run, STAGE, trigger } from './testing/stories.js';

let gitops: FakeGitOps;
let logs: FakeLogs;
let events: Omit<StageEvent, 'at'>[];
let releases: Map<string, ReleaseRow>;
let heartbeats: unknown[];

beforeEach(() => {
  gitops = new FakeGitOps();
  logs = new FakeLogs();
  events = [];
  releases = new Map();
  heartbeats = [];
});

function activities(target = new FakeTarget({})): DeployActivities {
  const stages = {
    happened: async (event: Omit<StageEvent, 'at'>) => void events.push(event),
    keepRelease: async (row: Omit<ReleaseRow, 'createdAt'>) =>
      void releases.set(row.digest, { ...row, createdAt: new Date(0) }),
    release: async (digest: string) => releases.get(digest),
  };
  const pace = { awaitMs: 1, watchMs: 1 };
  return createDeployActivities({ gitops, target, store: { stages }, logs, pace });
}

function perform<T>(work: () => Promise<T>, heartbeatDetails?: unknown): Promise<T> {
  const logger = new DefaultLogger('ERROR');
  const environment = new MockActivityEnvironment({ attempt: 1, heartbeatDetails }, { logger });
  environment.on('heartbeat', (details) => heartbeats.push(details));
  return environment.run(work) as Promise<T>;
}

function step(spec: Partial<StepOf<'deploy'>['spec']> = {}): StepOf<'deploy'> {
  return { name: 'deploy-it', kind: 'deploy', spec: { release: ['image'], stage: STAGE, ...spec } };
}

const context = (order: number) =>
  StepContext.parse({ run: run(order), trigger: trigger(), outputs: {}, artifacts: [] });
const pinIt = (order: number, over: { artifacts?: []; spec?: object } = {}) => {
  const artifacts = over.artifacts ?? release(order).artifacts;
  const input = { run: run(order), trigger: trigger(), step: step(over.spec), artifacts };
  return perform(() => activities().pinRelease(input));
};
const awaitIt = (order: number, target: FakeTarget, timeoutSeconds = 300) =>
  perform(() =>
    activities(target).awaitServing({
      context: context(order),
      step: { ...step(), timeoutSeconds },
      releaseDigest: release(order).digest,
    }),
  );
const watchIt = (target: FakeTarget, watchSeconds: number, heartbeatDetails?: unknown) =>
  perform(
    () =>
      activities(target).watchRelease({
        context: context(1),
        step: step({ watchSeconds }),
        releaseDigest: release(1).digest,
      }),
    heartbeatDetails,
  );
const healthy = { digest: release(1).digest, health: 'healthy' as const, url: 'http://stage' };
const broken = { digest: release(1).digest, health: 'degraded' as const, message: 'answers 500' };

describe('a release’s name', () => {
  it('depends on commit and artifacts, and on nothing else', () => {
    const [artifact] = release(1).artifacts;
    if (!artifact) throw new Error('a release has an artifact');
    const { command, digest, ...rest } = artifact;
    const reordered = { command, ...rest, digest } as typeof artifact;
    expect(digestOf({ ...release(1), artifacts: [reordered] })).toBe(release(1).digest);
    expect(release(1, { health: '/other', order: 7 }).digest).toBe(release(1).digest);
    expect(release(2).digest).not.toBe(release(1).digest);
  });
});

describe('pinning a release', () => {
  it('changes Git, and tells the record and the reader of the log', async () => {
    const pinned = await pinIt(1);
    expect(pinned).toMatchObject({ outcome: 'pinned', releaseDigest: release(1).digest });
    expect(await gitops.current(REPOSITORY, STAGE)).toEqual(release(1));
    expect(events).toEqual([
      expect.objectContaining({ kind: 'deploy', digest: release(1).digest, runId: 'chat-app-1' }),
    ]);
    expect(releases.get(release(1).digest)).toMatchObject({ commit: '1'.repeat(40) });
    expect(logs.text()).toMatch(
      /^staging shall serve chat-app 1111111, release \w{7}: GitOps commit \w{7}\n$/,
    );
  });

  it('can go back to a release that only the record remembers', async () => {
    const { digest, commit, artifacts } = release(1);
    const row = { digest, repository: REPOSITORY, commit, runId: 'chat-app-1', artifacts };
    releases.set(digest, { ...row, createdAt: new Date(0) });
    const spec = { rollbackTo: digest, health: '/health' };
    expect(await pinIt(3, { artifacts: [], spec })).toMatchObject({ outcome: 'pinned' });
    expect(await gitops.current(REPOSITORY, STAGE)).toMatchObject({ commit, health: '/health' });
    expect(events).toEqual([expect.objectContaining({ kind: 'rollback', digest })]);
  });

  it('refuses to go back to what never was', async () => {
    const spec = { rollbackTo: release(8).digest };
    expect(await pinIt(9, { artifacts: [], spec })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('never had a release'),
    });
  });

  it('could not find out while the repository is away', async () => {
    gitops.failures = 1;
    const lost = perform(() =>
      activities().putBack({
        run: run(1),
        step: 'deploy-it',
        stage: STAGE,
        releaseDigest: release(1).digest,
        reason: 'no',
      }),
    );
    await expect(lost).rejects.toMatchObject({ type: 'StepErrored', nonRetryable: false });
  });
});

describe('putting a stage back', () => {
  it('names what serves again, and why', async () => {
    await pinIt(1);
    await pinIt(2);
    const releaseDigest = release(2).digest;
    const input = { run: run(2), step: 'deploy-it', stage: STAGE, releaseDigest };
    const reason = 'check "integration" said no';
    const made = await perform(() => activities().putBack({ ...input, reason }));
    expect(made).toMatchObject({ outcome: 'putBack', servingDigest: release(1).digest });
    expect(logs.text()).toContain('because: check "integration" said no');
    expect(events.at(-1)).toMatchObject({ kind: 'putBack', rejected: releaseDigest, reason });
  });

  it('is over when the stage serves nothing, where nothing was before', async () => {
    const input = { run: run(1), step: 'deploy-it', stage: STAGE, servingDigest: null };
    const target = new FakeTarget(healthy, { health: 'absent' });
    const result = await perform(() => activities(target).awaitPutBack(input));
    expect(result).toEqual({ verdict: 'succeeded', summary: 'staging serves nothing' });
  });
});

describe('waiting for a stage to serve', () => {
  it('waits through the start, and says where it serves', async () => {
    const starting = { health: 'progressing' as const, message: 'starting 1111111' };
    const result = await awaitIt(1, new FakeTarget(starting, starting, healthy));
    expect(result.verdict).toBe('succeeded');
    expect(logs.text()).toMatch(
      /^staging: starting 1111111\nstaging serves release \w{7} healthily at http:\/\/stage, after \d\.\d s\n$/,
    );
    expect(heartbeats).toHaveLength(2);
  });

  it('repeats the target’s words when the release does not become healthy', async () => {
    const pinned = await gitops.pin(pin(1));
    const revision = pinned.outcome === 'pinned' ? pinned.revision : '';
    const message = 'release 1234567 ended with exit code 7';
    const target = new FakeTarget({ revision, health: 'degraded', message });
    expect(await awaitIt(1, target)).toEqual({
      verdict: 'failed',
      reason: expect.stringContaining(message),
    });
  });

  it('does not take an older complaint for an answer', async () => {
    const before = await gitops.pin(pin(1));
    await gitops.pin(pin(2));
    const revision = before.outcome === 'pinned' ? before.revision : '';
    const old = { ...broken, revision };
    const now = { ...healthy, digest: release(2).digest };
    expect(await awaitIt(2, new FakeTarget(old, old, now))).toMatchObject({ verdict: 'succeeded' });
  });

  it('times out when the target never follows', async () => {
    const silent = new FakeTarget({
      health: 'unknown',
      message: 'the reconciler has not reported',
    });
    await expect(awaitIt(1, silent, 0.05)).rejects.toMatchObject({
      type: 'StepTimedOut',
      message: expect.stringContaining('the reconciler has not reported'),
    });
  });

  it('lets a broken record be tried again', async () => {
    const target = new FakeTarget(new Error('PostgreSQL cannot be reached'));
    await expect(awaitIt(1, target)).rejects.toThrow('PostgreSQL cannot be reached');
  });
});

describe('watching a release', () => {
  it('keeps what stays healthy, and forgives two bad looks', async () => {
    const target = new FakeTarget(healthy, broken, broken, healthy);
    expect(await watchIt(target, 5)).toMatchObject({ verdict: 'succeeded' });
    expect(target.looks).toBe(5);
  });

  it('says no after three bad looks in a row', async () => {
    expect(await watchIt(new FakeTarget(healthy, broken), 60)).toEqual({
      verdict: 'failed',
      reason: 'staging became degraded after 4 s of watching: answers 500',
    });
  });

  it('goes on where the last attempt was', async () => {
    const target = new FakeTarget(healthy);
    await watchIt(target, 60, { watchedSeconds: 57 });
    expect(target.looks).toBe(3);
  });

  it('could not find out when the target falls silent', async () => {
    const silent = new FakeTarget(healthy, { health: 'unknown', message: 'not reported' });
    await expect(watchIt(silent, 300)).rejects.toMatchObject({ type: 'StepErrored' });
  });
});

describe('the target "process"', () => {
  const row = {
    repository: REPOSITORY,
    name: STAGE,
    url: 'http://stage',
    revision: 'r',
    digest: 'd',
    health: 'healthy' as const,
    message: 'serves 1111111',
    queue: [],
  };

  it('believes the reconciler as long as it reports', async () => {
    const at = (silentMs: number) =>
      createProcessTarget({ get: async () => ({ ...row, silentMs }) }).observe(REPOSITORY, STAGE);
    expect(await at(29_000)).toMatchObject({ health: 'healthy', digest: 'd' });
    expect(await at(31_000)).toMatchObject({ health: 'unknown' });
  });

  it('has seen nothing of a stage that nobody deployed to', async () => {
    const target = createProcessTarget({ get: async () => undefined });
    expect(await target.observe(REPOSITORY, STAGE)).toMatchObject({ health: 'absent' });
  });
});
