import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { TemporalUnavailable } from '../platform/errors.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { BROKEN, BY_HAND, COMMIT, openRun, openShop, PIPELINE } from '../platform/testing/world.js';
import { WorkflowGone, WorkflowRefused } from '../platform/workflows.ports.js';
import { RunStarter } from './starter.service.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await openShop(api);
});
afterAll(() => api.close());
afterEach(() => {
  api.workflows.trouble = undefined;
});

const start = (body: object, token = api.admin) =>
  api.ask('/api/v1/runs', { method: 'POST', body: { repository: 'shop', ...body }, token });
const lastAudit = async () => (await api.ask('/api/v1/audit?limit=1')).json.items[0];

describe('a run by hand', () => {
  it('is a workflow with the plan and the inputs, a row, and a line in the audit log', async () => {
    const token = await api.tokenOf('ada', ['read', 'run']);
    const { status, json } = await start({ inputs: { region: 'eu' } }, token);
    expect(status).toBe(201);
    expect(json).toMatchObject({
      repository: 'shop',
      pipeline: 'shop',
      commit: COMMIT,
      branch: 'main',
      status: 'pending',
      trigger: { kind: 'manual', by: 'ada', inputs: { region: 'eu' } },
    });
    expect(json.steps.map((s: { name: string; needs: string[] }) => [s.name, s.needs])).toEqual([
      ['test', []],
      ['lint', ['test']],
    ]);
    expect(json.temporalUrl).toBe(`http://127.0.0.1:8233/namespaces/default/workflows/${json.id}`);
    expect(api.workflows.started.get(json.id)?.plan.steps).toHaveLength(2);
    expect(await lastAudit()).toMatchObject({
      by: 'ada',
      action: 'run.start',
      subject: `run/${json.id}`,
    });
  });

  it('of a ref reads that ref, and says which ref has no pipeline', async () => {
    const commit = 'b'.repeat(40);
    api.files.files.set('shop@v2', { commit, branch: null, text: PIPELINE });
    const { json } = await start({ ref: 'v2', inputs: { region: 'eu' } });
    expect(json).toMatchObject({ commit, branch: null });
    const missing = await start({ ref: 'v3' });
    expect(missing.status).toBe(404);
    expect(missing.json.detail).toBe('"shop" has no .slipway/pipeline.yaml at "v3"');
    expect((await start({ repository: 'none' })).status).toBe(404);
  });

  it('without a required input, or with an unknown one, starts nothing', async () => {
    const before = api.workflows.started.size;
    api.files.files.set('shop@by-hand', { commit: COMMIT, branch: 'by-hand', text: BY_HAND });
    const { status, json } = await start({ ref: 'by-hand', inputs: { regoin: 'eu' } });
    expect(status).toBe(400);
    const fields = json.errors.map((e: { field: string }) => e.field);
    expect(fields.sort()).toEqual(['inputs.region', 'inputs.regoin']);
    expect(api.workflows.started.size).toBe(before);
  });

  it('of a pipeline that people may not start is refused', async () => {
    const text = PIPELINE.replace(/, manual.*\n/, ' }\n');
    api.files.files.set('shop@push-only', { commit: COMMIT, branch: 'push-only', text });
    const { status, json } = await start({ ref: 'push-only' });
    expect([status, json.type]).toEqual([409, 'urn:slipway:problem:no-manual-start']);
  });

  it('of a broken pipeline is recorded as failed at lint, and nothing runs', async () => {
    api.files.files.set('shop@broken', { commit: COMMIT, branch: 'broken', text: BROKEN });
    const { status, json } = await start({ ref: 'broken' });
    expect([status, json.status]).toEqual([201, 'failed']);
    expect(json.steps).toMatchObject([{ name: 'lint', kind: 'lint', status: 'failed' }]);
    expect(json.reason).toContain('"tset"');
    expect(json.temporalUrl).toBeNull();
    expect(api.workflows.started.has(json.id)).toBe(false);
  });

  it('overrides a rejection only by somebody who may approve', async () => {
    const token = await api.tokenOf('bob', ['read', 'run']);
    const body = { inputs: { region: 'eu' }, overrideReason: 'checked by hand' };
    expect((await start(body, token)).status).toBe(403);
    const { json } = await start(body);
    expect(json.trigger.overrideReason).toBe('checked by hand');
  });

  it('is not acknowledged while Temporal is away', async () => {
    api.workflows.trouble = new TemporalUnavailable(new Error('refused'));
    const { status, json, headers } = await start({ inputs: { region: 'eu' } });
    expect([status, json.type]).toEqual([503, 'urn:slipway:problem:temporal-unavailable']);
    expect(headers['retry-after']).toBe('5');
    expect(await lastAudit()).toMatchObject({ action: 'run.start.refused' });
  });
});

describe('a prepared run', () => {
  const request = () => ({
    repository: 'shop',
    commit: COMMIT,
    branch: 'main',
    text: PIPELINE,
    file: 'p.yaml',
    trigger: { kind: 'push' as const, by: 'ada', inputs: {} },
  });

  it('is plain data, and launching it twice is one run', async () => {
    const starter = api.app.get(RunStarter, { strict: false });
    const preparation = await starter.prepare(request());
    if (!('prepared' in preparation)) throw new Error(preparation.skipped);
    const kept = JSON.parse(JSON.stringify(preparation.prepared));
    await starter.launch(kept);
    await starter.launch(kept);
    const page = await api.ask(`/api/v1/runs?limit=1`);
    expect(page.json.items[0].id).toBe(kept.run.id);
    expect(kept.trigger.inputs).toEqual({ region: 'us' });
  });

  it('is not prepared for a branch that the pipeline does not take', async () => {
    const starter = api.app.get(RunStarter, { strict: false });
    const preparation = await starter.prepare({ ...request(), branch: 'feature' });
    expect(preparation).toEqual({ skipped: expect.stringContaining('feature') });
  });
});

describe('lists of runs', () => {
  it('have steps, also on a page of their own', async () => {
    const { id } = await openRun(api);
    const { steps } = (await api.ask(`/api/v1/runs/${id}`)).json;
    expect(steps.length).toBeGreaterThan(0);
    expect((await api.ask(`/api/v1/runs/${id}/steps`)).json).toEqual({ items: steps, next: null });
    expect((await api.ask('/api/v1/runs/shop-999/steps')).status).toBe(404);
  });

  it('have pages, and filters', async () => {
    await openRun(api);
    await openRun(api);
    const first = (await api.ask('/api/v1/runs?limit=1')).json;
    const second = (await api.ask(`/api/v1/runs?limit=1&cursor=${first.next}`)).json;
    expect(second.items[0].id).not.toBe(first.items[0].id);
    const failed = (await api.ask('/api/v1/runs?repository=shop&status=failed')).json;
    expect(failed).toMatchObject({ items: [{ status: 'failed' }], next: null });
    expect((await api.ask(`/api/v1/runs?commit=${'0'.repeat(40)}`)).json.items).toEqual([]);
  });
});

describe('cancelling', () => {
  const cancel = (id: string, body?: object) =>
    api.ask(`/api/v1/runs/${id}/cancel`, { method: 'POST', ...(body ? { body } : {}) });

  it('asks the workflow, with who and why', async () => {
    const { id } = await openRun(api);
    expect((await cancel(id)).json).toEqual({ status: 'running' });
    await cancel(id, { reason: 'wrong branch' });
    expect(api.workflows.cancels).toMatchObject([
      { runId: id, by: 'admin', reason: 'no reason given' },
      { runId: id, by: 'admin', reason: 'wrong branch' },
    ]);
  });

  it('a run that has ended is refused with how it ended', async () => {
    const { id } = await openRun(api);
    const ended = { runId: id, status: 'succeeded' as const, reason: null, at: new Date() };
    await api.store.runs.write({ runs: [ended] });
    api.workflows.trouble = new WorkflowGone('completed');
    const { status, json } = await cancel(id);
    expect([status, json.detail]).toEqual([409, `run "${id}" has ended: it is succeeded`]);
    expect((await cancel('shop-999')).status).toBe(404);
  });

  it('passes on what the workflow says', async () => {
    const { id } = await openRun(api);
    api.workflows.trouble = new WorkflowRefused('the run is ending already', 'Ending');
    expect((await cancel(id)).json).toMatchObject({
      status: 409,
      detail: 'the run is ending already',
    });
  });
});
