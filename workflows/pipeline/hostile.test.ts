import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileText } from './compile.js';
import { MAX_FINDINGS } from './finding.js';

// Texts that mean to keep the linter busy. Each ends within its time, with findings that say where.

const BYTES = 40_000;
/** Far above what any of them takes on a busy machine. Milliseconds. */
const LIMIT_MS = 60_000;

const BEFORE = ['', 'version: 1\nname: x\nsteps:\n  a: { run: [x] }\n  b: '];
const FRAGMENTS = [
  ...['[', '{', '{a: ', '[a, ', '{a,', ',', '[]', '- ', '- - - ', '- a\n', '? ', '? - : ', ': '],
  ...['a:\n ', 'a: b\n', 'a: &a\n', '&a ', '*a ', '<<: *a\n', '!!str ', '!<x> ', '!a!b ', '"', "'"],
  ...['|\n', '>\n ', '#', '\t', '\r', '\n', '\0', '\ufeff', '𝒳', '---\n', '...\n', '%YAML 1.2\n'],
  ...['${{ ', '"${{ inputs.x }}" ', '"\\u0000" ', 'steps:\n', '  a: { run: ls }\n', 'needs: [a]\n'],
];

function judged(text: string): void {
  const started = performance.now();
  const compiled = compileText(text, 'pipeline.yaml');
  expect(performance.now() - started).toBeLessThan(LIMIT_MS);
  if (!('findings' in compiled)) return;
  const lines = text.split(/\n/).length;
  expect(compiled.findings.length).toBeGreaterThan(0);
  expect(compiled.findings.length).toBeLessThanOrEqual(MAX_FINDINGS + 1);
  for (const { line, message } of compiled.findings) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines);
    expect(message.length).toBeLessThan(5_000);
  }
}

const numbered = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('');

describe('a text that means harm', () => {
  it.each(FRAGMENTS)('of %j again and again is judged', (fragment) => {
    const often = fragment.repeat(Math.floor(BYTES / Buffer.byteLength(fragment)));
    for (const before of BEFORE) judged(before + often);
  });

  it.each([
    ['steps that are many', (i: number) => `  s${i}: { run: x }\n`],
    ['steps that are nothing', (i: number) => `  s${i}: { x: 1 }\n`],
    ['needs that name nothing', (i: number) => `  s${i}: { run: x, needs: [s${i + 1}x] }\n`],
    ['one long circle', (i: number) => `  s${i}: { run: x, needs: [s${(i + 1) % 1_500}] }\n`],
    [
      'templates that name nothing',
      (i: number) => `  s${i}: { run: 'x \${{ steps.a${i}.outputs.b }}' }\n`,
    ],
  ])('with %s is judged', (_what, step) => {
    judged(`version: 1\nname: x\nsteps:\n${numbered(1_500, step)}`);
  });

  it('of any mixture of such parts is judged', () => {
    const part = fc
      .tuple(fc.constantFrom(...FRAGMENTS), fc.integer({ min: 1, max: 150 }))
      .map(([fragment, count]) => fragment.repeat(count));
    const text = fc.tuple(fc.constantFrom(...BEFORE), fc.array(part, { maxLength: 6 }));
    fc.assert(
      fc.property(text, ([before, parts]) => judged(before + parts.join(''))),
      { numRuns: 100 },
    );
  });
});
