import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../platform/testing/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const post = (path: string, body: object) => api.ask(`/api/v1/${path}`, { method: 'POST', body });

describe('pipelines', () => {
  const text = 'version: 1\nname: web\nsteps:\n  a: { run: x }\n  b: { needs: [c], run: y }\n';

  it('are linted by their text alone', async () => {
    const { status, json } = await post('pipelines/lint', { text, file: 'p.yaml' });
    expect([status, json.valid]).toEqual([200, false]);
    expect(json.findings[0]).toMatchObject({ file: 'p.yaml', line: 5, field: 'steps.b.needs[0]' });
  });

  it('are planned: what runs, why, in which order', async () => {
    const { json } = await post('pipelines/plan', { text: text.replace('[c]', '[a]') });
    expect(json).toMatchObject({ valid: true, pipeline: 'web' });
    expect(json.steps).toMatchObject([
      { name: 'a', wave: 1, runs: true },
      { name: 'b', wave: 2, runs: true, why: 'when "a" succeeded' },
    ]);
    expect((await post('pipelines/plan', { text })).json).toMatchObject({
      valid: false,
      steps: [],
    });
  });

  it('are planned for a push to a branch', async () => {
    const only = text
      .replace('[c]', '[a]')
      .replace('steps:', 'on: { push: { branches: [main] } }\nsteps:');
    const plan = async (branch: string) =>
      (await post('pipelines/plan', { text: only, branch })).json.steps[0];
    expect(await plan('main')).toMatchObject({ runs: true });
    expect(await plan('other')).toMatchObject({ runs: false });
  });
});
