import { describe, expect, it } from '@jest/globals';
import { Release } from './release.js';
import { StepFailure, StepResult } from './step.js';

const digest = `sha256:${'1'.repeat(64)}`;
const artifact = { name: 'image', kind: 'archive', digest, bytes: 10, command: 'node main.js' };
const release = {
  digest,
  repository: 'web',
  commit: 'a'.repeat(40),
  artifacts: [artifact],
  runId: 'web-42',
  order: 1,
};

describe('a release', () => {
  it('answers at "/" unless it says otherwise', () => {
    expect(Release.parse(release).health).toBe('/');
    expect(Release.parse({ ...release, health: '/health' }).health).toBe('/health');
  });

  it.each([
    ['no artifact', { artifacts: [] }],
    ['too many artifacts', { artifacts: Array(21).fill(artifact) }],
    ['an artifact named by a tag', { artifacts: [{ ...artifact, digest: 'image:latest' }] }],
    ['a health address elsewhere', { health: 'http://example.org/' }],
    ['no order', { order: 0 }],
  ])('is not one with %s', (_what, change) => {
    expect(Release.safeParse({ ...release, ...change }).success).toBe(false);
  });
});

describe('the result of a step', () => {
  it.each(StepResult.shape.verdict.options)('may be %s and nothing more', (verdict) => {
    expect(StepResult.parse({ verdict })).toEqual({ verdict });
  });

  it('is never "errored": that is thrown', () => {
    expect(StepResult.safeParse({ verdict: 'errored' }).success).toBe(false);
    expect(StepFailure).toEqual({ errored: 'StepErrored', timedOut: 'StepTimedOut' });
  });

  it('counts findings by severity, those that there are', () => {
    const findings = { high: 2 };
    expect(StepResult.parse({ verdict: 'failed', findings }).findings).toEqual(findings);
    expect(StepResult.safeParse({ verdict: 'failed', findings: { grave: 1 } }).success).toBe(false);
  });
});
