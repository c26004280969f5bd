import { describe, expect, it } from '@jest/globals';
import { Finding, reaches, Severity } from './finding.js';

// From harmless to grave, as SARIF's bands are.
const order: Severity[] = ['none', 'low', 'medium', 'high', 'critical'];
const pairs = order.flatMap((severity, i) =>
  order.map((threshold, j) => [severity, threshold, i >= j] as const),
);

describe('severity', () => {
  it('has no word that the order does not know', () => {
    expect(new Set(Severity.options)).toEqual(new Set(order));
  });

  it.each(pairs)('%s reaches %s: %j', (severity, threshold, expected) => {
    expect(reaches(severity, threshold)).toBe(expected);
  });
});

describe('a finding', () => {
  const finding = { tool: 'secrets', rule: 'aws', severity: 'high', message: 'a key' };

  it('may be about no file in particular', () => {
    expect(Finding.parse(finding)).toEqual(finding);
  });

  it('counts lines from one', () => {
    expect(Finding.safeParse({ ...finding, path: 'a.ts', line: 1 }).success).toBe(true);
    expect(Finding.safeParse({ ...finding, path: 'a.ts', line: 0 }).success).toBe(false);
  });
});
