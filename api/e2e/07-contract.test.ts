/** What scripts rely on: exit codes, one JSON document, problems, limits. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PlacedEvent } from '../client/client.js';
import type { Run } from '../client/wire.js';
import { files, pipeline } from './harness/app.js';
import type { Clone } from './harness/clone.js';
import { E2eStack } from './harness/stack.js';

interface Rest {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

describe('the contract for scripts', () => {
  let stack: E2eStack;
  let clone: Clone;
  const rest = (path: string, { headers = {}, ...init }: Rest = {}) =>
    fetch(`${stack.url}${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${stack.token}`,
        'content-type': 'application/json',
        ...headers,
      },
    });
  beforeAll(async () => {
    stack = await E2eStack.start();
    const manual = `version: 1
name: tools
on: { push: { branches: [main] }, manual: { inputs: { colour: { default: red, options: [red, blue] } } } }
steps:
  say: { run: ['echo "colour=$COLOUR" >> "$SLIPWAY_OUTPUT"'], env: { COLOUR: '\${{ inputs.colour }}' }, outputs: [colour] }
  repeat: { needs: [say], run: ['echo "it is $C"'], env: { C: '\${{ steps.say.outputs.colour }}' } }
  no: { needs: [say], run: ['test "$SLIPWAY_INPUT_COLOUR" != blue'] }
`;
    clone = await stack.clone('tools', files({ version: '1' }, manual));
    expect((await clone.push()).code).toBe(0);
  });
  afterAll(async () => {
    await clone?.remove();
    await stack?.end();
  });

  it('keeps the token where only the user reads it', async () => {
    expect((await stat(join(stack.home, 'token'))).mode & 0o777).toBe(0o600);
  });

  it('lists as {items, next}', async () => {
    const { code, document } = await stack.json<{ items: Run[] }>('runs');
    expect(code).toBe(0);
    expect(document).toMatchObject({ items: [{ id: 'tools-1' }], next: null });
    const found = await (
      await rest(`/api/v1/runs?repository=tools&commit=${document.items[0]?.commit}`)
    ).json();
    expect(found).toMatchObject({ items: [{ id: 'tools-1', status: 'succeeded' }] });
  });

  it('starts a run by hand with inputs, and hands outputs on', async () => {
    const { code, document } = await stack.json<Run>(
      'run',
      '--repository',
      'tools',
      '--input',
      'colour=red',
      '--watch',
    );
    expect(code).toBe(0);
    expect(document).toMatchObject({
      status: 'succeeded',
      trigger: { kind: 'manual', inputs: { colour: 'red' } },
    });
    const { stdout } = await stack.slipway('logs', document.id, 'repeat');
    expect(stdout).toContain('it is red');
  });

  it('exits with 1 for no, 2 for usage, 3 for unreachable', async () => {
    const no = await stack.json<Run>(
      'run',
      '--repository',
      'tools',
      '--input',
      'colour=blue',
      '--watch',
    );
    expect(no.code).toBe(1);
    expect(no.document).toMatchObject({ status: 'failed' });
    const step = no.document.steps.find(({ name }) => name === 'no');
    expect(step).toMatchObject({ status: 'failed', exitCode: 1, attempts: 1 });
    expect((await stack.slipway('runs', '--colour')).code).toBe(2);
    const nowhere = await stack.slipway('runs', '--url', 'http://127.0.0.1:9');
    expect([2, 3]).toContain(nowhere.code);
  });

  it('answers bad input with a problem that names it', async () => {
    const unknown = await rest('/api/v1/runs', {
      method: 'POST',
      body: '{"repository":"tools","colour":1}',
    });
    expect(unknown.status).toBe(400);
    expect(unknown.headers.get('content-type')).toContain('application/problem+json');
    expect(await unknown.text()).toContain('colour');
    expect((await rest('/api/v1/runs/nope')).status).toBe(404);
    expect(
      (await rest('/api/v1/runs', { headers: { authorization: 'Bearer wrong' } })).status,
    ).toBe(401);
    const huge = await rest('/api/v1/runs', {
      method: 'POST',
      body: JSON.stringify({ repository: 'x'.repeat(3_000_000) }),
    });
    expect(huge.status).toBe(413);
  });

  it('refuses Git without a good token, and repositories that are not there', async () => {
    const info = (name: string, token: string) =>
      fetch(`${stack.url}/git/${name}.git/info/refs?service=git-upload-pack`, {
        headers: { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` },
      });
    expect((await info('tools', 'wrong')).status).toBe(401);
    expect((await info('absent', stack.token)).status).toBe(404);
    expect((await info('tools', stack.token)).status).toBe(200);
  });

  it('lints and plans offline and over REST alike', async () => {
    const text = pipeline();
    const report = await stack.client.pipelines.plan({ text });
    expect(report).toMatchObject({ valid: true, pipeline: 'delivery' });
    expect(report.steps.map(({ name, wave }) => [name, wave])).toEqual([
      ['test', 1],
      ['app', 2],
      ['staging', 3],
      ['integration', 4],
    ]);
  });

  it('finds nothing wrong with itself', async () => {
    const { code, document } = await stack.json<unknown>('doctor');
    expect({ code, document }).toMatchObject({ code: 0 });
  });

  it('resumes a run’s events where a reader stopped', async () => {
    const all: PlacedEvent[] = [];
    for await (const event of stack.client.runs.events('tools-1')) all.push(event);
    const middle = all[Math.floor(all.length / 2)]?.position ?? 0;
    const later: PlacedEvent[] = [];
    for await (const event of stack.client.runs.events('tools-1', { after: middle }))
      later.push(event);
    const logs = (events: typeof all) =>
      events.flatMap((e) => (e.event === 'log' ? [e.data.position] : []));
    expect(logs(later)).toEqual(logs(all).filter((position) => position > middle));
    expect(later.at(-1)?.event).toBe('end');
  });
});
