import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { MAX_NESTING, readYaml } from './yaml.js';
import { MAX_ALIASED_NODES } from './yaml.values.js';

const messages = (text: string): string[] => readYaml(text).problems.map(({ message }) => message);
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('the YAML door', () => {
  it('gives back every plain value', () => {
    const plain = fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => !(key in {})),
      fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.array(fc.string())),
      { minKeys: 1, noNullPrototype: true },
    );
    fc.assert(
      fc.property(plain, (value) => {
        fc.pre(!JSON.stringify(value).includes('\\u0000'));
        expect(readYaml(stringify(value)).value).toEqual(value);
      }),
    );
  });

  it('knows the line of every field, of the items of a list, and of what is missing', () => {
    const { lineOf } = readYaml('a: 1\nb:\n  c:\n    - x\n    - y\n  d: { e: 2 }\n');
    const lines = [
      [],
      ['a'],
      ['b'],
      ['b', 'c'],
      ['b', 'c', 1],
      ['b', 'd', 'e'],
      ['b', 'none', 'x'],
    ];
    expect(lines.map((path) => lineOf(path))).toEqual([1, 1, 2, 3, 5, 6, 2]);
  });

  it('reads 1.2: yes, no, on and dates are text', () => {
    const { value } = readYaml('on: yes\nat: 2026-01-01\n');
    expect(value).toEqual({ on: 'yes', at: '2026-01-01' });
  });

  it('takes a byte order mark, carriage returns and comments', () => {
    expect(readYaml('\ufeffa: 1\r\n# x\r\nb: 2\r\n').value).toEqual({ a: 1, b: 2 });
  });

  it(`takes ${MAX_NESTING} collections inside each other, and not one more`, () => {
    expect(messages(nested(MAX_NESTING))).toEqual([]);
    expect(messages(nested(MAX_NESTING + 1))).toEqual(['collections are nested more than 50 deep']);
  });

  it.each([
    ['flow lists', '['.repeat(500_000)],
    ['flow maps', '{a: '.repeat(200_000)],
    ['compact lists', '- '.repeat(400_000)],
    ['explicit keys', '? '.repeat(400_000)],
    ['indented maps', Array.from({ length: 1_000 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
  ])('refuses deep %s before anything recursive reads them', (_what, text) => {
    expect(messages(text)).toEqual(['collections are nested more than 50 deep']);
  });

  it('shares values through aliases, up to a limit', () => {
    const items = (count: number): string => Array.from({ length: count }, () => '*a').join(', ');
    expect(messages(`a: &a x\nb: [${items(MAX_ALIASED_NODES)}]`)).toEqual([]);
    expect(messages(`a: &a x\nb: [${items(MAX_ALIASED_NODES + 1)}]`)).toEqual([
      'aliases bring in more than 10000 values',
    ]);
  });

  it('means the last anchor above, also where an alias brings in an older one', () => {
    const { value } = readYaml('a: &x { b: &y 1 }\nc: &y 2\nd: *x\ne: *y\n');
    expect(value).toEqual({ a: { b: 1 }, c: 2, d: { b: 1 }, e: 2 });
  });

  it('stops after the first hundred mistakes', () => {
    expect(messages(']\n'.repeat(100_000)).length).toBeLessThanOrEqual(100);
  });

  it('leaves the engine as it was', () => {
    const before = Error.stackTraceLimit;
    readYaml('a: [');
    expect(Error.stackTraceLimit).toBe(before);
  });
});
