import { describe, expect, it } from '@jest/globals';
import type { SecretScope } from '../store/store.ports.js';
import { type Asker, choose } from './choice.js';

interface Named extends SecretScope {
  is: string;
}

const secret = (is: string, scope: Partial<SecretScope> = {}): Named => ({
  ...{ repository: 'shop', branches: [], stage: null },
  ...scope,
  is,
});

function chosen(all: Named[], asker: Partial<Asker> = {}): string {
  const who = { repository: 'shop', branch: 'main', stage: undefined, ...asker };
  const choice = choose('TOKEN', all, who);
  return choice.ok ? choice.secret.is : choice.reason;
}

describe('the secret that a step is given', () => {
  const everywhere = secret('everywhere', { repository: null });
  const ofMain = secret('of main', { branches: ['main'] });
  const ofReleases = secret('of releases', { branches: ['release/*'] });
  const ofRelease1 = secret('of release 1', { branches: ['release/1.*'] });
  const ofStage = secret('of production', { stage: 'production' });

  it('is the most specific one that applies', () => {
    expect(chosen([everywhere, secret('of the repository')])).toBe('of the repository');
    expect(chosen([secret('of the repository'), ofMain])).toBe('of main');
    expect(chosen([ofMain, ofStage], { stage: 'production' })).toBe('of production');
    expect(chosen([ofReleases, ofRelease1], { branch: 'release/1.2' })).toBe('of release 1');
    expect(chosen([ofReleases, ofRelease1], { branch: 'release/2' })).toBe('of releases');
    const both = secret('of both', { branches: ['main'], stage: 'production' });
    expect(chosen([ofStage, ofMain, both], { stage: 'production' })).toBe('of both');
  });

  it('is the same in whatever order they are looked at', () => {
    const all = [everywhere, ofMain, secret('pattern', { branches: ['m*'] }), ofStage];
    expect(chosen(all)).toBe('of main');
    expect(chosen(all.reverse())).toBe('of main');
  });

  it('is none of another repository', () => {
    expect(chosen([secret('x', { repository: 'other' })])).toBe('the secret "TOKEN" is not set');
  });

  it('is none of main for any other branch, and for no branch at all', () => {
    for (const branch of ['feature', 'Main', 'main/x', 'x/main', 'refs/heads/main', '']) {
      expect(chosen([ofMain], { branch })).toBe(
        `the secret "TOKEN" is not set for the branch "${branch}"`,
      );
    }
    expect(chosen([ofMain], { branch: null })).toContain('this run is of none');
    expect(chosen([secret('x', { branches: ['**', '!main'] })])).toContain(
      'not set for the branch',
    );
  });

  it('is one of a stage for steps that check this stage only', () => {
    expect(chosen([ofStage])).toContain('is set for a stage only, and this step checks none');
    expect(chosen([ofStage], { stage: 'staging' })).toContain('not set for the stage "staging"');
    expect(chosen([ofStage, ofMain], { stage: 'staging' })).toBe('of main');
  });
});
