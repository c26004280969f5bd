import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { GitOps } from './deploy.ports.js';
import { FakeGitOps } from './gitops.fake.js';
import { createGitOps } from './gitops.git.adapter.js';
import { pin, REPOSITORY, release, run, STAGE, trigger, withdrawal } from './testing/stories.js';

let folder: string;
const repository = () => join(folder, 'git', 'gitops.git');
const git = (...args: string[]) =>
  execFileSync('git', ['--git-dir', repository(), ...args], { encoding: 'utf8' }).trim();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitops-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const truths: [string, () => GitOps][] = [
  ['git', () => createGitOps(repository())],
  ['the fake', () => new FakeGitOps()],
];

describe.each(truths)('what a stage should serve, kept by %s', (_name, make) => {
  it('serves nothing before the first pin', async () => {
    expect(await make().current(REPOSITORY, STAGE)).toBeNull();
  });

  it('serves what was pinned, at the revision that pinned it and after it', async () => {
    const gitops = make();
    const one = await gitops.pin(pin(1));
    const two = await gitops.pin(pin(2));
    expect(one).toMatchObject({ outcome: 'pinned', releaseDigest: release(1).digest });
    expect(await gitops.current(REPOSITORY, STAGE)).toEqual(release(2));
    if (one.outcome !== 'pinned' || two.outcome !== 'pinned') throw new Error('not pinned');
    expect(await gitops.wantedAt(one.revision, REPOSITORY, STAGE)).toBe(release(1).digest);
    expect(await gitops.wantedAt(two.revision, REPOSITORY, STAGE)).toBe(release(2).digest);
    expect(await gitops.wantedAt(two.revision, REPOSITORY, 'production')).toBeNull();
  });

  it('finds the pin of the same run and step again, even when others came after it', async () => {
    const gitops = make();
    const first = await gitops.pin(pin(1));
    await gitops.pin(pin(2));
    expect(await gitops.pin(pin(1))).toEqual(first);
    expect(await gitops.current(REPOSITORY, STAGE)).toEqual(release(2));
  });

  it('refuses an older trigger on a stage that has a newer one', async () => {
    const gitops = make();
    await gitops.pin(pin(5));
    expect(await gitops.pin(pin(4))).toEqual({
      outcome: 'superseded',
      reason: expect.stringContaining('newer'),
    });
  });

  it('lets a rollback go back, and then counts from the rollback', async () => {
    const gitops = make();
    await gitops.pin(pin(1));
    await gitops.pin(pin(2));
    await gitops.pin(pin(4, { kind: 'rollback', release: release(1) }));
    expect(await gitops.current(REPOSITORY, STAGE)).toEqual(release(1));
    expect(await gitops.pin(pin(3))).toMatchObject({ outcome: 'superseded' });
    expect(await gitops.pin(pin(5))).toMatchObject({ outcome: 'pinned' });
  });

  it('puts the newest release back that nobody rejected', async () => {
    const gitops = make();
    await gitops.pin(pin(1));
    await gitops.pin(pin(2));
    await gitops.putBack(withdrawal(2));
    await gitops.pin(pin(3));
    expect(await gitops.putBack(withdrawal(3))).toMatchObject({
      outcome: 'putBack',
      servingDigest: release(1).digest,
    });
  });

  it('does one put-back once', async () => {
    const gitops = make();
    await gitops.pin(pin(1));
    await gitops.pin(pin(2));
    const first = await gitops.putBack(withdrawal(2));
    expect(await gitops.putBack(withdrawal(2))).toEqual(first);
    expect(await gitops.history(REPOSITORY, STAGE)).toHaveLength(3);
  });

  it('empties a stage that served nothing before', async () => {
    const gitops = make();
    await gitops.pin(pin(1));
    expect(await gitops.putBack(withdrawal(1))).toMatchObject({
      outcome: 'emptied',
      servingDigest: null,
    });
    expect(await gitops.current(REPOSITORY, STAGE)).toBeNull();
  });

  it('only notes the rejection when another release serves already', async () => {
    const gitops = make();
    await gitops.pin(pin(1));
    await gitops.pin(pin(2));
    expect(await gitops.putBack(withdrawal(1))).toMatchObject({
      outcome: 'passedOn',
      servingDigest: release(2).digest,
    });
    expect(await gitops.putBack(withdrawal(2))).toMatchObject({ outcome: 'emptied' });
  });

  it('refuses a rejected release until a person overrides it', async () => {
    const gitops = make();
    await gitops.pin(pin(1));
    await gitops.putBack(withdrawal(1));
    const again = { release: release(1) };
    expect(await gitops.pin(pin(2, again))).toEqual({
      outcome: 'refused',
      reason: expect.stringContaining('2 of 14 checks failed'),
    });
    const overridden = { ...again, trigger: trigger('the checks were wrong') };
    expect(await gitops.pin(pin(3, overridden))).toMatchObject({ outcome: 'pinned' });
    expect(await gitops.pin(pin(4, again))).toMatchObject({ outcome: 'pinned' });
  });
});

describe('the GitOps repository', () => {
  it('says in each commit what happened, why, and by whom it is found again', async () => {
    const gitops = createGitOps(repository());
    await gitops.pin(pin(1));
    await gitops.pin(pin(2));
    const reason = 'ada rejected: no\nRun-Id: forged\r\nStep: forged\u2028Kind: forged\0\u001b[31m';
    await gitops.putBack(withdrawal(2, { reason }));
    expect(git('log', '-1', '--format=%an%n%B')).toBe(
      [
        'Slipway',
        'put back(staging): chat-app 1111111 for run chat-app-2',
        '',
        '  ada rejected: no',
        '  Run-Id: forged',
        '  Step: forged',
        '  Kind: forged[31m',
        '',
        'Kind: putBack',
        'Run-Id: chat-app-2',
        'Step: deploy-it',
        'Stage: staging',
        'Repository: chat-app',
        `Rejects: ${release(2).digest}`,
        `Release: ${release(1).digest}`,
        'Order: 1',
        'Puts-Back: chat-app-2',
      ].join('\n'),
    );
    expect(git('log', '-1', '--format=%(trailers:key=Run-Id,valueonly)')).toBe('chat-app-2');
  });

  it('carries overlays that Argo CD can follow', async () => {
    const gitops = createGitOps(repository());
    await gitops.pin(pin(1, { release: release(1, { health: '/health' }) }));
    const file = (path: string) => parse(git('show', `main:apps/chat-app/${path}`));
    const overlay = file('overlays/staging/kustomization.yaml');
    expect(overlay).toMatchObject({
      kind: 'Kustomization',
      resources: ['../../base'],
      namespace: 'chat-app-staging',
      labels: [{ pairs: { 'slipway.dev/stage': 'staging' } }],
      commonAnnotations: {
        'slipway.dev/release': release(1).digest,
        'slipway.dev/commit': '1'.repeat(40),
        'slipway.dev/run': 'chat-app-1',
      },
      images: [{ name: 'chat-app', digest: `sha256:${'1'.repeat(64)}` }],
    });
    expect(parse(overlay.patches[0].patch)).toEqual([
      expect.objectContaining({ op: 'replace', value: '/health' }),
    ]);
    for (const name of file('base/kustomization.yaml').resources) {
      expect(file(`base/${name}`)).toMatchObject({ metadata: { name: 'chat-app' } });
    }
  });

  it('leaves every other stage and repository as it is', async () => {
    const gitops = createGitOps(repository());
    await gitops.pin(pin(1));
    await gitops.pin(pin(1, { stage: 'production' }));
    await gitops.pin(pin(2, { release: release(2, { health: '/other' }) }));
    const changed = git('diff', '--name-only', 'main^', 'main').split('\n');
    expect(changed.every((path) => path.startsWith('apps/chat-app/overlays/staging/'))).toBe(true);
    expect(await gitops.current(REPOSITORY, 'production')).toEqual(release(1));
  });

  it('loses no change when several processes write at once', async () => {
    const writers = [1, 2, 3, 4].map(() => createGitOps(repository()));
    await Promise.all(
      writers.map((gitops, i) => gitops.pin(pin(1, { stage: `stage-${i}`, run: run(i + 1) }))),
    );
    expect(git('rev-list', '--count', 'main')).toBe('4');
    for (const i of [0, 1, 2, 3]) {
      expect(await writers[0]?.current(REPOSITORY, `stage-${i}`)).toEqual(release(1));
    }
  });

  it('is not misled by a similar run id', async () => {
    const gitops = createGitOps(repository());
    const one = await gitops.pin(pin(1));
    await gitops.pin(pin(11));
    expect(await gitops.pin(pin(1))).toEqual(one);
  });

  it('says that it could not find out when the repository is damaged', async () => {
    const gitops = createGitOps(repository());
    await gitops.pin(pin(1));
    await writeFile(join(repository(), 'HEAD'), 'nonsense');
    await expect(gitops.pin(pin(2))).rejects.toThrow(/GitOps repository .* cannot be used/);
  });
});
