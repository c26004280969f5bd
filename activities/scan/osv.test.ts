import { describe, expect, it } from '@jest/globals';
import { baseScore } from './cvss.js';
import { Advisory, affects, severityOf } from './osv.js';

const advisory = (events: object[], extra: object = {}) =>
  Advisory.parse({
    id: 'X-1',
    modified: '2026-01-01',
    affected: [{ package: { ecosystem: 'npm', name: 'p' }, ranges: [{ type: 'SEMVER', events }] }],
    ...extra,
  });
const isAffected = (events: object[], version: string) =>
  affects(advisory(events), 'p', version) !== undefined;

describe('a range of versions', () => {
  it.each([
    ['0.0.1', true],
    ['1.2.2', true],
    ['1.2.3', false],
    ['2.0.0-beta.1', true],
    ['2.0.0', true],
    ['2.1.0', true],
    ['2.1.1', false],
  ])('holds %s: %s', (version, expected) => {
    const events = [
      { last_affected: '2.1.0' },
      { introduced: '2.0.0-beta' },
      { introduced: '0' },
      { fixed: '1.2.3' },
    ];
    expect(isAffected(events, version)).toBe(expected);
  });

  it('holds no version that semver cannot read, and is not confused by a broken event', () => {
    expect(isAffected([{ introduced: '0' }], 'github:a/b')).toBe(false);
    expect(isAffected([{ introduced: 'whenever' }, { introduced: '1.0.0' }], '1.0.0')).toBe(true);
  });

  it('is of one package in one ecosystem', () => {
    expect(affects(advisory([{ introduced: '0' }]), 'q', '1.0.0')).toBeUndefined();
  });
});

describe('how grave an advisory is', () => {
  const vector = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';

  it.each([
    [vector, 9.8],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', 6.1],
    ['CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H', 7.2],
    ['CVSS:3.0/AV:L/AC:H/PR:L/UI:N/S:U/C:N/I:N/A:N', 0],
    ['CVSS:4.0/AV:N', undefined],
    ['CVSS:3.1/AV:X', undefined],
  ])('%s scores %s', (given, score) => {
    expect(baseScore(given)).toBe(score);
  });

  it('is what its database says, else its score, else medium', () => {
    const severity = [{ type: 'CVSS_V3', score: vector }];
    const named = advisory([], { severity, database_specific: { severity: 'MODERATE' } });
    expect(severityOf(named)).toBe('medium');
    expect(severityOf(advisory([], { severity }))).toBe('critical');
    expect(severityOf(advisory([]))).toBe('medium');
  });
});
