import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Refusal } from '../../workflows/approval/approval.messages.js';
import { NoWorker } from '../platform/errors.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { openGate, openRun, openShop } from '../platform/testing/world.js';
import { WorkflowGone, WorkflowRefused } from '../platform/workflows.ports.js';

// The door of a gate: it carries answers to the workflow, and its words back.

let api: TestApi;
let approver: string;
beforeAll(async () => {
  api = await startTestApi();
  await openShop(api);
  approver = await api.tokenOf('ada', ['read', 'approve'], ['release-team']);
});
afterAll(() => api.close());
afterEach(() => {
  api.workflows.trouble = undefined;
});

const answer = (path: string, body: object = { answer: 'approve' }, token = approver) =>
  api.ask(`/api/v1/${path}`, { method: 'POST', body, token });
const waitingRun = async () => {
  const { id } = await openRun(api);
  await openGate(api, id);
  return id;
};

describe('an answer', () => {
  it('reaches the workflow with the login and teams of the token, and is audited', async () => {
    const id = await waitingRun();
    const body = { answer: 'reject', reason: 'too slow' };
    const { status, json } = await answer(`approvals/${id}/gate`, body);
    expect([status, json]).toEqual([200, { state: 'approved', approvals: 1, required: 1 }]);
    expect(api.workflows.decisions.at(-1)).toEqual({
      runId: id,
      step: 'gate',
      decision: { ...body, by: 'ada', teams: ['release-team'] },
    });
    const audit = await api.ask('/api/v1/audit?limit=1');
    expect(audit.json.items[0]).toMatchObject({
      by: 'ada',
      action: 'gate.reject',
      subject: `run/${id}/gate`,
    });
  });

  it('never says itself who it is from', async () => {
    const id = await waitingRun();
    const { status, json } = await answer(`approvals/${id}/gate`, { answer: 'approve', by: 'bob' });
    expect([status, json.errors[0].field]).toEqual([400, 'by']);
  });

  it('needs the scope approve', async () => {
    const token = await api.tokenOf('bob', ['read', 'run']);
    expect((await answer('runs/shop-1/decision', { answer: 'approve' }, token)).status).toBe(403);
  });

  it.each([
    [Refusal.notAnApprover, 'not-an-approver'],
    [Refusal.alreadyAnswered, 'already-answered'],
    [Refusal.selfApproval, 'self-approval'],
    [Refusal.closed, 'gate-closed'],
  ])('that the workflow refuses as %s keeps its words', async (type, code) => {
    const id = await waitingRun();
    api.workflows.trouble = new WorkflowRefused('the words of the gate', type);
    const { status, json } = await answer(`approvals/${id}/gate`);
    expect([status, json.type]).toEqual([409, `urn:slipway:problem:${code}`]);
    expect([json.detail, json.help]).toEqual(['the words of the gate', expect.any(String)]);
    const audit = await api.ask('/api/v1/audit?limit=1');
    expect(audit.json.items[0]).toMatchObject({
      action: 'gate.approve.refused',
      detail: { code, why: 'the words of the gate' },
    });
  });

  it('that comes too late hears how the gate ended', async () => {
    const id = await waitingRun();
    await api.store.gates.close(id, 'gate', 'expired', 'nobody decided within 72h');
    api.workflows.trouble = new WorkflowGone('completed');
    const { status, json } = await answer(`approvals/${id}/gate`);
    expect([status, json.type]).toEqual([409, 'urn:slipway:problem:gate-closed']);
    expect(json.detail).toMatch(
      /^the gate "gate" of run ".*" was expired at .*: nobody decided within 72h$/,
    );
    const other = await answer(`runs/${id}/decision`);
    expect([other.status, other.json.detail]).toEqual([409, json.detail]);
  });

  it('to a gate or run that is not there is told so', async () => {
    const { id } = await openRun(api);
    api.workflows.trouble = new WorkflowGone('not found');
    expect((await answer(`approvals/${id}/gate`)).json.detail).toContain('has no gate "gate"');
    expect((await answer('approvals/shop-999/gate')).json.detail).toContain('no run "shop-999"');
    expect((await answer('runs/shop-999/decision')).status).toBe(404);
  });

  it('that no worker takes is not acknowledged', async () => {
    const id = await waitingRun();
    api.workflows.trouble = new NoWorker('the answer', 20);
    const { status, json, headers } = await answer(`approvals/${id}/gate`);
    expect([status, json.type]).toEqual([503, 'urn:slipway:problem:no-worker']);
    expect(headers['retry-after']).toBe('5');
  });
});

describe('a decision on a run', () => {
  it('goes to its only open gate', async () => {
    const id = await waitingRun();
    await openGate(api, id, 'earlier');
    await api.store.gates.close(id, 'earlier', 'approved', null);
    expect((await answer(`runs/${id}/decision`)).status).toBe(200);
    expect(api.workflows.decisions.at(-1)).toMatchObject({ runId: id, step: 'gate' });
  });

  it('is refused where none or several are open', async () => {
    const { id } = await openRun(api);
    expect((await answer(`runs/${id}/decision`)).json.type).toContain('no-open-gate');
    await openGate(api, id, 'one');
    await openGate(api, id, 'two');
    const { status, json } = await answer(`runs/${id}/decision`);
    expect([status, json.type]).toEqual([409, 'urn:slipway:problem:several-gates']);
    expect(json.detail).toMatch(/"(one|two)", "(one|two)"/);
  });
});

describe('gates', () => {
  it('are listed by state and by run, with their evidence', async () => {
    const id = await waitingRun();
    const open = (await api.ask('/api/v1/approvals?state=open&limit=1')).json;
    expect(open.items[0]).toMatchObject({ runId: id, outcome: null, from: ['release-team'] });
    expect((await api.ask(`/api/v1/runs/${id}/approvals`)).json.items).toHaveLength(1);
    const one = (await api.ask(`/api/v1/approvals/${id}/gate`)).json;
    expect(one.evidence.commit).toMatch(/^[0-9a-f]{40}$/);
    expect((await api.ask('/api/v1/runs/shop-999/approvals')).status).toBe(404);
  });
});
