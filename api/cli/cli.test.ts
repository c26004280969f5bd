/** What commands ask, print and exit with. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Status } from '../../workflows/domain/run.js';
import { exitOf } from './exit.js';
import { CliWorld, PIPELINE } from './testing/cli-world.js';
import { anApproval, aRun, aStep, type FakeApi } from './testing/fake-api.js';

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

describe('exit codes', () => {
  it('tell every status of a run', () => {
    expect(Object.fromEntries(Status.options.map((status) => [status, exitOf(status)]))).toEqual({
      pending: 4,
      running: 4,
      waiting: 4,
      succeeded: 0,
      failed: 1,
      rolledBack: 1,
      errored: 3,
      cancelled: 1,
      skipped: 1,
      superseded: 1,
    });
  });

  it.each([
    ['bogus', 2],
    ['', 2],
    ['runs --bogus', 2],
    ['show', 2],
    ['runs --limit 0', 2],
    ['run --input novalue', 2],
    ['reject shop-7', 2],
    ['logs shop-7 nothing', 2],
    ['logs shop-7 -f --json', 2],
    ['show shop-99', 2],
    ['tokens --create x --scope everything', 2],
    ['--help', 0],
    ['--version', 0],
  ])('of "%s" is %d', async (line, code) => {
    expect((await slipway(line)).code).toBe(code);
  });

  it.each([
    [400, 2],
    [401, 3],
    [403, 1],
    [404, 2],
    [409, 1],
    [503, 3],
  ])('of an API that answers %d is %d', async (status, code) => {
    api.refusal = { status, detail: 'the words of the API' };
    const ran = await slipway('runs --json');
    expect(ran.code).toBe(code);
    expect(ran.json).toMatchObject({ error: { status, detail: 'the words of the API' } });
    expect(ran.err).toContain('the words of the API\nDo this.');
  });

  it('of an API that is not there is 3', async () => {
    const { code, err } = await slipway('runs', { env: { SLIPWAY_URL: 'http://127.0.0.1:1' } });
    expect(code).toBe(3);
    expect(err).toContain('cannot be reached');
    const none = await slipway('runs --json', {
      env: { SLIPWAY_TOKEN: '', SLIPWAY_HOME: join(root, 'nowhere') },
    });
    expect(none.code).toBe(3);
    expect(none.json.error.detail).toContain('there is no token');
  });
});

describe('lint and plan, offline', () => {
  const offline = { env: { SLIPWAY_URL: 'http://127.0.0.1:1' } };

  it('find the pipeline of the working tree, and show what would run', async () => {
    expect(await slipway('lint', offline)).toMatchObject({
      code: 0,
      out: '.slipway/pipeline.yaml: nothing is wrong; 2 steps',
    });
    const plan = await slipway('plan --json', offline);
    expect(plan.code).toBe(0);
    expect(
      plan.json.steps.map(({ name, wave }: { name: string; wave: number }) => [name, wave]),
    ).toEqual([
      ['test', 1],
      ['report', 2],
    ]);
    expect((await slipway('plan --branch topic', offline)).out).toContain('does not run');
    expect((await slipway('plan --since HEAD', offline)).code).toBe(2);
  });

  it('say everything that is wrong, and exit with 1', async () => {
    const wrong = join(root, 'wrong.yaml');
    await writeFile(wrong, PIPELINE.replace('[test]', '[tset]').replace('run: [npm', 'rum: [npm'));
    const { code, out } = await slipway('lint wrong.yaml', offline);
    expect(code).toBe(1);
    expect(out).toContain('wrong.yaml:5');
    expect(out).toContain('did you mean "test"');
    const { json } = await slipway('lint wrong.yaml --json', offline);
    expect(json).toMatchObject({ valid: false });
    expect(json.findings.length).toBeGreaterThan(1);
    expect((await slipway('plan wrong.yaml --json', offline)).json).toMatchObject({
      pipeline: null,
    });
    expect((await slipway('lint nothing.yaml', offline)).code).toBe(2);
  });
});

describe('runs', () => {
  it('are listed as a table, or as one document', async () => {
    const { out } = await slipway('runs --status succeeded --limit 5');
    expect(out.split('\n')[0]).toMatch(/^RUN +STATUS +COMMIT +BRANCH/);
    expect(out).toMatch(/shop-7 +succeeded +ccccccc +main +ada/);
    expect(asked()).toEqual(['GET /runs?status=succeeded&limit=5']);
    expect((await slipway('runs --json')).json).toMatchObject({
      items: [{ id: 'shop-7' }],
      next: null,
    });
  });

  it('are found by id, number, or a beginning that fits one', async () => {
    api.runs = [aRun(), aRun({ id: 'shop-81' }), aRun({ id: 'shop-82' })];
    expect((await slipway('show shop-7')).out).toContain('shop-7  delivery');
    expect((await slipway('show 7')).out).toContain('shop-7  delivery');
    const many = await slipway('show shop-8');
    expect([many.code, many.err]).toEqual([2, expect.stringContaining('shop-81, shop-82')]);
    api.runs = [aRun({ id: 'billing-12' })];
    expect((await slipway('show bill')).out).toContain('billing-12');
  });

  it('are shown with their steps and open questions, and exit by their status', async () => {
    api.runs = [
      aRun({
        status: 'waiting',
        steps: [
          aStep(),
          aStep({
            name: 'approve',
            kind: 'approve',
            status: 'waiting',
            reason: 'asks release-team',
          }),
        ],
      }),
    ];
    api.approvals = [anApproval()];
    const { code, out } = await slipway('show shop-7');
    expect(code).toBe(4);
    expect(out).toMatch(/test +run +succeeded +0\.0 s +14 checks ok/);
    expect(out).toContain('approve asks release-team about production: 0 of 1 approvals');
    expect(out).toContain('slipway approve shop-7 approve');
    expect((await slipway('show shop-7 --json')).json).toMatchObject({
      status: 'waiting',
      approvals: [{ step: 'approve' }],
    });
  });

  it('start with inputs, of the repository that the remote names', async () => {
    const { out } = await slipway(
      'run --ref main --input region=eu --input "why=a b" --override-reason safe',
    );
    expect(out).toBe('shop-7 started: slipway watch shop-7');
    expect(api.heard[0]?.body).toEqual({
      repository: 'shop',
      ref: 'main',
      inputs: { region: 'eu', why: 'a b' },
      overrideReason: 'safe',
    });
  });

  it('show their logs, harmless for a terminal', async () => {
    expect((await slipway('logs shop-7 test')).out).toBe('── test\nhello red');
  });
});

describe('watching', () => {
  const { steps: _, ...summary } = aRun({ status: 'running', finishedAt: null });
  const going = { event: 'run', data: summary } as const;
  const ended = {
    event: 'end',
    data: { ...summary, status: 'failed', reason: 'test said no' },
  } as const;
  const tested = {
    event: 'step',
    data: aStep({ status: 'failed', reason: 'exit code 1' }),
  } as const;
  const asks = {
    event: 'step',
    data: aStep({ name: 'approve', kind: 'approve', status: 'waiting' }),
  } as const;
  const waits = { event: 'run', data: { ...summary, status: 'waiting' } } as const;

  it('tells a run to its end, and exits by its status', async () => {
    api.runs = [
      aRun({ status: 'failed', reason: 'test said no', steps: [aStep({ status: 'failed' })] }),
    ];
    api.events = [[going, tested, ended]];
    const { code, out } = await slipway('watch shop-7');
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      'run shop-7: delivery, ccccccc on main',
      '▸ test … failed 0.0 s: exit code 1',
      'shop-7 failed after 0.0 s: test said no',
      '  log: slipway logs shop-7 test',
      '  staging: http://127.0.0.1:9001',
    ]);
  });

  it('goes on when the API was started again', async () => {
    api.runs = [aRun({ status: 'failed' })];
    api.events = [[going], [tested], [ended]];
    const { code, out, err } = await slipway('watch shop-7');
    expect([code, err]).toEqual([1, expect.stringContaining('does not answer')]);
    expect(out.match(/▸ test/g)).toHaveLength(1);
  });

  it('returns with 4 when only people can go on', async () => {
    api.runs = [aRun({ status: 'waiting' })];
    api.events = [[going, waits, asks]];
    const { code, out } = await slipway('run --watch');
    expect(code).toBe(4);
    expect(out).toContain('  approve: slipway approve shop-7 approve');
  });

  it('prints one document and nothing else with --json', async () => {
    api.runs = [aRun({ status: 'rolledBack' })];
    api.events = [[going, tested, ended]];
    const { code, json, err } = await slipway('watch shop-7 --json');
    expect([code, json.status]).toEqual([1, 'rolledBack']);
    expect(err).toContain('▸ test … failed');
  });

  it('leaves the run alone when it is interrupted, and says so', async () => {
    api.runs = [aRun({ status: 'running' })];
    api.events = [[going]];
    const control = new AbortController();
    const watching = slipway('watch shop-7', { interrupted: control.signal });
    while (!asked().some((path) => path.endsWith('/events'))) await new Promise(setImmediate);
    control.abort();
    const { code, err } = await watching;
    expect([code, err]).toEqual([4, 'left; the run goes on: slipway watch shop-7']);
    expect(asked().some((path) => path.includes('cancel'))).toBe(false);
  });
});

describe('people', () => {
  it('approve, reject and cancel', async () => {
    expect((await slipway('approve shop-7 -m "looks good"')).out).toContain('approved, 1 of 1');
    expect((await slipway('reject 7 approve -m no --json')).json).toMatchObject({ id: 'shop-7' });
    expect((await slipway('cancel shop-7 -m stop')).code).toBe(0);
    expect(api.heard.filter(({ method }) => method === 'POST')).toEqual([
      {
        method: 'POST',
        path: '/api/v1/runs/shop-7/decision',
        body: { answer: 'approve', reason: 'looks good' },
      },
      {
        method: 'POST',
        path: '/api/v1/approvals/shop-7/approve',
        body: { answer: 'reject', reason: 'no' },
      },
      { method: 'POST', path: '/api/v1/runs/shop-7/cancel', body: { reason: 'stop' } },
    ]);
  });

  it('roll a stage back, to a release by the beginning of its digest', async () => {
    const { out } = await slipway('rollback staging --to dddddd -m "it is slow"');
    expect(out).toBe('shop-8 rolls shop/staging back: slipway watch shop-8');
    expect(api.heard.at(-1)).toEqual({
      method: 'POST',
      path: '/api/v1/stages/shop/staging/rollback',
      body: { reason: 'it is slow', digest: `sha256:${'d'.repeat(64)}` },
    });
    expect((await slipway('rollback other/staging --to eeeeee -m x')).code).toBe(2);
  });

  it.each(['stages', 'releases', 'users', 'tokens', 'audit'])(
    'list %s, also as JSON',
    async (what) => {
      expect((await slipway(what)).code).toBe(0);
      expect((await slipway(`${what} --json`)).json).toMatchObject({
        items: expect.any(Array),
        next: null,
      });
    },
  );
});
