/** People decide: reject with words, approve, and a bad minute in production. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { files, pipeline } from './harness/app.js';
import type { Clone } from './harness/clone.js';
import { E2eStack } from './harness/stack.js';

describe('a gate', () => {
  let stack: E2eStack;
  let clone: Clone;
  const gate = 'from: [release-team]';
  const text = async (stage: string) => (await fetch(await stack.stageUrl('web', stage))).text();
  beforeAll(async () => {
    stack = await E2eStack.start();
    clone = await stack.clone('web', files({ version: 'one' }, pipeline({ gate })));
  });
  afterAll(async () => {
    await clone?.remove();
    await stack?.end();
  });

  it('lets the push return, waits, and shows its evidence', async () => {
    const { stderr } = await clone.push();
    expect(stderr).toMatch(/remote: web-1 waits for an approval/);
    expect(stderr).toMatch(/slipway approve web-1/);
    const { items } = await stack.client.approvals.list({ state: 'open' });
    expect(items).toMatchObject([
      {
        runId: 'web-1',
        step: 'ask',
        evidence: {
          steps: expect.arrayContaining([
            expect.objectContaining({ name: 'integration', status: 'succeeded' }),
          ]),
          stages: [{ stage: 'staging', health: 'healthy' }],
        },
      },
    ]);
    expect((await stack.slipway('show', 'web-1')).code).toBe(4);
  });

  it('approved, changes production', async () => {
    const { code } = await stack.slipway('approve', 'web-1', '-m', 'looks good');
    expect(code).toBe(0);
    await stack.runIs('web-1', 'succeeded');
    expect(await text('production')).toBe('one');
    expect((await stack.slipway('show', 'web-1')).code).toBe(0);
  });

  it('answered late, says how it ended', async () => {
    const { code, stderr } = await stack.slipway('reject', 'web-1', '-m', 'too late');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/approved|closed|ended|succeeded/);
  });

  it('rejected, puts staging back with the words of who rejected', async () => {
    await clone.commit('two', files({ version: 'two' }, pipeline({ gate })));
    await clone.push();
    expect(await text('staging')).toBe('two');
    await stack.slipway('reject', 'web-2', '-m', 'the button is green');
    const run = await stack.runIs('web-2', 'rolledBack');
    expect(run.reason).toContain('admin rejected: the button is green');
    expect(await text('staging')).toBe('one');
    expect(await text('production')).toBe('one');
    expect((await stack.slipway('show', 'web-2')).code).toBe(1);
  });

  it('asks for n of m, and refuses a second vote, a stranger and the one who pushed', async () => {
    const two = pipeline({ gate: 'from: [release-team, bob], required: 2' });
    for (const [login, teams] of [
      ['bob', []],
      ['eve', []],
      ['ann', ['release-team']],
    ] as const) {
      await stack.client.users.create({ login, teams: [...teams] });
    }
    const as = async (login: string) => {
      const { token } = await stack.client.users.createToken({
        login,
        name: 'e2e',
        scopes: ['read', 'approve'],
      });
      return (answer: 'approve' | 'reject') =>
        fetch(`${stack.url}/api/v1/approvals/web-3/ask`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ answer }),
        });
    };
    const [bob, eve, ann] = [await as('bob'), await as('eve'), await as('ann')];
    await clone.commit('three', files({ version: 'three' }, two));
    await clone.push();
    const admin = await stack.slipway('approve', 'web-3');
    expect(admin.stderr).toMatch(/own|pushed|triggered/);
    const stranger = await eve('approve');
    expect([stranger.status, await stranger.text()]).toEqual([409, expect.stringContaining('eve')]);
    expect((await bob('approve')).status).toBe(200);
    expect((await bob('approve')).status).toBe(409);
    expect((await stack.client.runs.get('web-3')).status).toBe('waiting');
    expect((await ann('approve')).status).toBe(200);
    await stack.runIs('web-3', 'succeeded');
    expect(await text('production')).toBe('three');
  });

  it('that nobody answers in time ends as no', async () => {
    const short = pipeline({ gate: 'from: [release-team], timeout: 1s' });
    await clone.commit('four', files({ version: 'four' }, short));
    await clone.push();
    const run = await stack.runIs('web-4', 'rolledBack');
    expect(run.reason).toMatch(/nobody|not enough/);
    const [gateRecord] = (await stack.client.runs.approvals('web-4')).items;
    expect(gateRecord?.outcome).toBe('expired');
    expect(await text('staging')).toBe('three');
  });

  it('approved, and production has a bad minute: it comes back', async () => {
    const watched = pipeline({ gate: 'from: [admin]', watch: '30s' });
    await clone.commit('five', files({ version: 'five', sickAfterMs: 12_000 }, watched));
    await clone.push();
    expect(await stack.slipway('approve', 'web-5')).toMatchObject({ code: 0 });
    const run = await stack.runIs('web-5', 'rolledBack');
    expect(run.steps.find(({ name }) => name === 'production')?.reason).toMatch(
      /unhealthy|degraded|500/i,
    );
    expect(await text('production')).toBe('three');
  });
});
