import { describe, expect, it } from '@jest/globals';
import { deploy, step } from '../testing/plans.js';
import { Blame, nextToPutBack, stepsBehindDeploys } from './saga.js';

const steps = [
  step('test'),
  deploy('staging', ['test']),
  step('integration', { needs: ['staging'] }),
  deploy('production', ['integration']),
  step('report', { needs: ['production'] }),
  step('docs', { needs: ['test'] }),
];
const at = (name: string) => ({ step: name, stage: name, releaseDigest: 'd' });

describe('a no', () => {
  it.each([
    ['test', []],
    ['docs', []],
    ['staging', ['staging']],
    ['integration', ['staging']],
    ['production', ['production', 'staging']],
    ['report', ['production', 'staging']],
  ])('of "%s" concerns the deploys that it needs, or is: %j', (name, deploys) => {
    expect(new Blame(steps).deploysBehind(name)).toEqual(deploys);
  });

  it('concerns no deploy that another one concerned before', () => {
    const blame = new Blame(steps);
    blame.deploysBehind('integration');
    expect(blame.deploysBehind('report')).toEqual(['production']);
    expect(blame.deploysBehind('report')).toEqual([]);
  });
});

it('tells which steps a put-back can end', () => {
  expect([...stepsBehindDeploys(steps)].sort((a, b) => a.localeCompare(b))).toEqual([
    'integration',
    'production',
    'report',
  ]);
  expect(stepsBehindDeploys([step('a'), step('b', { needs: ['a'] })]).size).toBe(0);
});

describe('putting back', () => {
  const deployed = [at('staging'), at('other'), at('production')];

  it('begins with the newest deploy that must not stay', () => {
    expect(nextToPutBack(deployed, new Set(['staging', 'production']))).toEqual(at('production'));
    expect(nextToPutBack(deployed, new Set(['staging', 'other']))).toEqual(at('other'));
  });

  it('leaves the others alone', () => {
    expect(nextToPutBack(deployed, new Set())).toBeUndefined();
    expect(nextToPutBack([], new Set(['staging']))).toBeUndefined();
  });
});
