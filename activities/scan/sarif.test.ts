import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Finding, Severity } from '../../workflows/domain/finding.js';
import { sorted } from './counting.js';
import { scannedSarif } from './sarif.files.js';
import { readSarif } from './sarif.js';
import { toSarif } from './sarif.write.js';
import { folderOf, removeFolders } from './scan.fake.js';

const sarif = (results: unknown, rules: unknown = []) =>
  JSON.stringify({ version: '2.1.0', runs: [{ tool: { driver: { name: 't', rules } }, results }] });
const read = (results: unknown, rules?: unknown): Finding[] => {
  const answer = readSarif(sarif(results, rules));
  if ('why' in answer) throw new Error(answer.why);
  return answer.findings;
};
const severities = (results: unknown, rules?: unknown) =>
  read(results, rules).map(({ severity }) => severity);

afterAll(removeFolders);

describe('a SARIF file', () => {
  it('gives severities by level where a rule has no score', () => {
    const levels = ['error', 'warning', 'note', 'none', undefined, 'loud'];
    expect(severities(levels.map((level) => ({ ruleId: 'r', level })))).toEqual([
      'high',
      'medium',
      'medium',
      'medium',
      'low',
      'none',
    ]);
  });

  it.each([
    ['9.0', 'critical'],
    [8.9, 'high'],
    ['7', 'high'],
    ['6.9', 'medium'],
    ['4.0', 'medium'],
    ['0.1', 'low'],
    ['0.0', 'none'],
    ['grave', 'high'],
  ])('gives a rule with the score %s the severity %s', (score, severity) => {
    const rules = [{ id: 'r', properties: { 'security-severity': score } }];
    expect(severities([{ ruleId: 'r', level: 'error' }], rules)).toEqual([severity]);
    expect(severities([{ ruleIndex: 0, level: 'error' }], rules)).toEqual([severity]);
  });

  it('says where, in words that fit one line of a log', () => {
    const uri = 'src/a%20b.js';
    const region = { startLine: 7 };
    const [finding] = read([
      {
        ruleId: 'r',
        message: { text: 'two\nlines\u001b[31m' },
        locations: [{ physicalLocation: { artifactLocation: { uri }, region } }],
      },
    ]);
    expect(finding).toEqual({
      tool: 't',
      rule: 'r',
      severity: 'medium',
      message: 'two lines [31m',
      path: 'src/a b.js',
      line: 7,
    });
  });

  it('counts neither what passed nor what a person waved through', () => {
    const suppressed = { suppressions: [{ kind: 'inSource' }] };
    const asked = { suppressions: [{ kind: 'external', status: 'underReview' }] };
    const answer = [{ kind: 'pass' }, suppressed, asked, { baselineState: 'absent' }];
    expect(severities(answer)).toEqual(['medium']);
  });

  it('keeps the gravest 5,000 results and counts the rest', () => {
    const results = [...Array(6_000).fill({ level: 'note' }), { level: 'error' }];
    const answer = readSarif(sarif(results));
    expect(answer).toMatchObject({ counts: { low: 6_000, high: 1 } });
    expect('findings' in answer && answer.findings.length).toBe(5_000);
    expect('findings' in answer && answer.findings[0]?.severity).toBe('high');
  });

  it.each([
    ['', 'is not SARIF'],
    ['{"version":"2.0.0","runs":[]}', 'is not SARIF'],
    ['{"version":"2.1.0"}', 'is not SARIF'],
    ['slp_secret', 'is not SARIF'],
    [`[${'1,'.repeat(1_000_001)}1]`, 'more than 1,000,000 parts'],
  ])('is refused with a reason that repeats nothing of it', (text, why) => {
    const answer = readSarif(text);
    expect(answer).toEqual({ why: expect.stringContaining(why) });
    expect(JSON.stringify(answer)).not.toContain('slp_');
  });

  it('never crashes us, whatever it holds', () => {
    const key = fc.constantFrom('ruleId', 'level', 'message', 'locations', 'rule', 'suppressions');
    const result = fc.dictionary(key, fc.jsonValue());
    fc.assert(
      fc.property(fc.oneof(fc.array(result), fc.jsonValue()), fc.jsonValue(), (results, rules) => {
        const answer = readSarif(sarif(results, rules));
        return 'why' in answer || answer.findings.length <= 5_000;
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        readSarif(text);
      }),
    );
  });

  it.each(['[', '{"a":', '{"runs":[', '[[],', '{"results":['])(
    'nested half a million deep by %j is refused',
    (part) => {
      const deep = part.repeat(500_000);
      const placed = `{"version":"2.1.0","runs":[{"results":[${deep}`;
      for (const text of [deep, placed])
        expect(readSarif(text)).toEqual({ why: expect.any(String) });
      const closed = `${'['.repeat(400_000)}${']'.repeat(400_000)}`;
      const whole = `{"version":"2.1.0","runs":[{"results":[{"message":${closed}}]}]}`;
      expect('why' in readSarif(whole) || 'findings' in readSarif(whole)).toBe(true);
    },
  );

  it('comes back as it was written', () => {
    const finding = fc.record(
      {
        tool: fc.constantFrom('secrets', 'dependencies'),
        rule: fc.constantFrom('a', 'b'),
        severity: fc.constantFrom(...Severity.options),
        message: fc.constantFrom('first', 'second'),
        path: fc.constantFrom('src/ä b.js', '100%/x#y.js'),
      },
      { requiredKeys: ['tool', 'rule', 'severity', 'message'] },
    );
    fc.assert(
      fc.property(fc.array(finding), (findings) => {
        const answer = readSarif(toSarif(findings));
        if ('why' in answer) throw new Error(answer.why);
        expect(sorted(answer.findings)).toEqual(sorted(findings));
      }),
    );
  });
});

describe('SARIF files in a workspace', () => {
  it('are refused by name when they are not there, outside, or no files', async () => {
    const folder = await folderOf({ 'good.sarif': sarif([{ level: 'error' }]), 'd/x': '' });
    const outside = join(await folderOf({ 'o.sarif': sarif([]) }), 'o.sarif');
    await symlink(outside, join(folder, 'link.sarif'));
    const paths = ['good.sarif', 'gone.sarif', '../x', 'link.sarif', 'd'];
    const seen = await scannedSarif(folder, paths);
    expect(seen.counts).toEqual({ high: 1 });
    expect(seen.refusals.map(({ path, why }) => `${path} ${why.slice(0, 13)}`)).toEqual([
      'gone.sarif is not there;',
      '../x is not there;',
      'link.sarif is not there;',
      'd is not a file',
    ]);
  });
});
