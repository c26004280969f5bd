import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StageEvent } from '../../activities/store/store.ports.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { COMMIT, digest, openShop } from '../platform/testing/world.js';
import { previousRelease } from './rollback.js';

let api: TestApi;
const [one, two, bad] = [digest('1'), digest('2'), digest('b')];

beforeAll(async () => {
  api = await startTestApi();
  await openShop(api);
  const part = {
    name: 'image',
    kind: 'archive' as const,
    digest: one,
    bytes: 1,
    command: 'node .',
  };
  for (const release of [one, two, bad]) {
    const made = { repository: 'shop', commit: COMMIT, runId: 'shop-1', artifacts: [part] };
    await api.store.stages.keepRelease({ ...made, digest: release });
  }
  const deploys = [one, bad].map((serves) => ({ kind: 'deploy' as const, serves, rejected: null }));
  const story = [
    ...deploys,
    { kind: 'putBack' as const, serves: one, rejected: bad },
    { kind: 'deploy' as const, serves: two, rejected: null },
  ];
  for (const [index, { kind, serves, rejected }] of story.entries()) {
    await api.store.stages.happened({
      repository: 'shop',
      stage: 'staging',
      kind,
      digest: serves,
      rejected,
      revision: String(index).repeat(40),
      runId: `shop-${index}`,
      reason: null,
    });
  }
  await api.store.stages.observe({
    repository: 'shop',
    name: 'staging',
    url: 'http://127.0.0.1:7900',
    revision: '3'.repeat(40),
    digest: two,
    health: 'healthy',
    message: 'answers 200',
  });
});
afterAll(() => api.close());

const rollback = (body: object | undefined, token = api.admin) =>
  api.ask('/api/v1/stages/shop/staging/rollback', {
    method: 'POST',
    token,
    ...(body ? { body } : {}),
  });

describe('a stage', () => {
  it('tells what it serves, where, and its history', async () => {
    const { json } = await api.ask('/api/v1/stages');
    expect(json.items).toHaveLength(1);
    expect(json.items[0]).toMatchObject({
      repository: 'shop',
      name: 'staging',
      health: 'healthy',
      url: 'http://127.0.0.1:7900',
      serving: { digest: two, commit: COMMIT, runId: 'shop-1' },
    });
    expect(json.items[0].history.map((e: { kind: string }) => e.kind)).toEqual([
      'deploy',
      'putBack',
      'deploy',
      'deploy',
    ]);
    const page = (await api.ask('/api/v1/stages/shop/staging/history?limit=1')).json;
    const next = await api.ask(`/api/v1/stages/shop/staging/history?limit=3&cursor=${page.next}`);
    expect(next.json).toMatchObject({ items: [{ rejected: bad }, {}, {}], next: null });
    expect((await api.ask('/api/v1/stages/shop/moon')).status).toBe(404);
  });

  it('that nobody looks at any more is unknown, whatever it was last seen as', async () => {
    const { stages } = api.store;
    const { get } = stages;
    const seen = await stages.get('shop', 'staging');
    stages.get = async () => seen && { ...seen, silentMs: 31_000 };
    const { json } = await api.ask('/api/v1/stages/shop/staging');
    stages.get = get;
    expect(json).toMatchObject({
      health: 'unknown',
      message: expect.stringContaining('the reconciler has not reported for 31 s'),
    });
  });
});

describe('a rollback', () => {
  it('is a run with one deploy of the release before, never of a rejected one', async () => {
    const { status, json } = await rollback({ reason: 'too slow' });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      pipeline: 'rollback',
      commit: COMMIT,
      branch: null,
      trigger: { kind: 'rollback', by: 'admin', inputs: { reason: 'too slow' } },
    });
    expect(api.workflows.started.get(json.id)?.plan.steps).toEqual([
      {
        name: 'rollback',
        kind: 'deploy',
        spec: { release: ['image'], stage: 'staging', rollbackTo: one },
      },
    ]);
  });

  it('takes a release by name, and none that is not there', async () => {
    const { json } = await rollback({ digest: bad });
    const step = api.workflows.started.get(json.id)?.plan.steps[0];
    expect(step?.spec).toMatchObject({ rollbackTo: bad });
    expect((await rollback({ digest: digest('9') })).status).toBe(404);
  });

  it('needs no body, but the scope approve', async () => {
    expect((await rollback(undefined)).status).toBe(201);
    const token = await api.tokenOf('bob', ['read', 'run']);
    expect((await rollback({}, token)).status).toBe(403);
  });
});

describe('the release before the present one', () => {
  const event = (serves: string | null, rejected: string | null = null): StageEvent => ({
    repository: 'shop',
    stage: 'staging',
    kind: 'deploy',
    digest: serves,
    rejected,
    revision: '',
    runId: 'shop-1',
    reason: null,
    at: new Date(0),
  });

  it('is none where the stage served one only, or was emptied', () => {
    expect(previousRelease([])).toBeUndefined();
    expect(previousRelease([event(two), event(two)])).toBeUndefined();
    expect(previousRelease([event(null, bad), event(bad)])).toBeUndefined();
  });

  it('is the one before, also when it served for the second time', () => {
    expect(previousRelease([event(two), event(one), event(two)])).toBe(one);
  });
});
