import { describe, expect, it } from '@jest/globals';
import { contextOf } from './build.testing.js';
import { type EnvironmentInput, environmentOf, pathForSteps } from './environment.js';

const workspace = { home: '/w/home', temp: '/w/tmp', output: '/w/output' };

function environment(given: Partial<EnvironmentInput> = {}) {
  const step = { name: 'test' };
  const context = contextOf();
  return environmentOf({
    context,
    step,
    workspace,
    stageUrl: undefined,
    path: '/bin',
    secrets: {},
    ...given,
  });
}

describe('the environment of a step', () => {
  it('holds what the guide promises, and nothing else', () => {
    const context = contextOf();
    context.trigger.inputs = { 'log-level': 'debug' };
    expect(environment({ context, stageUrl: 'http://127.0.0.1:1/' })).toEqual({
      ok: true,
      env: {
        PATH: '/bin',
        HOME: '/w/home',
        TMPDIR: '/w/tmp',
        LANG: 'C.UTF-8',
        CI: 'true',
        STAGE_URL: 'http://127.0.0.1:1/',
        SLIPWAY: 'true',
        SLIPWAY_RUN_ID: context.run.id,
        SLIPWAY_COMMIT: context.run.commit,
        SLIPWAY_BRANCH: 'main',
        SLIPWAY_REPOSITORY: 'app',
        SLIPWAY_PIPELINE: 'app',
        SLIPWAY_STEP: 'test',
        SLIPWAY_OUTPUT: '/w/output',
        SLIPWAY_INPUT_LOG_LEVEL: 'debug',
      },
    });
  });

  it('takes the step’s own values, templates filled in, but never another SLIPWAY_OUTPUT', () => {
    const context = contextOf();
    context.outputs = { version: { tag: '1.2' } };
    const env = { TAG: 'v${{ steps.version.outputs.tag }}', PATH: '/mine', SLIPWAY_OUTPUT: '/x' };
    expect(environment({ context, step: { name: 'test', env } })).toMatchObject({
      env: { TAG: 'v1.2', PATH: '/mine', SLIPWAY_OUTPUT: '/w/output' },
    });
  });

  it('says no when a template has no value, or a value cannot be one', () => {
    const missing = { TAG: '${{ steps.nope.outputs.tag }}' };
    expect(environment({ step: { name: 'test', env: missing } })).toEqual({
      ok: false,
      reason: expect.stringMatching(/^env.TAG: .*steps.nope.outputs.tag/),
    });
    expect(environment({ step: { name: 'test', env: { A: 'x\0' } } })).toMatchObject({ ok: false });
  });

  it('finds programs where the worker does, but none of our own', () => {
    const path = pathForSteps(`${process.cwd()}/node_modules/.bin:/opt/tools:/usr/bin`).split(':');
    expect(path).toContain('/opt/tools');
    expect(path.filter((each) => each.startsWith(process.cwd()))).toEqual([]);
    expect(path.filter((each) => each === '/usr/bin')).toHaveLength(1);
  });
});
