// Good and bad pipelines are files in fixtures/: NAME.yaml, and beside it what must come of it,
// NAME.txt (one finding a line) or NAME.json (the plan). After a change of messages, write them anew
// with UPDATE_FIXTURES=1, and read the difference.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_PIPELINE_BYTES, MAX_STEPS } from '../domain/limits.js';
import { compileText } from './compile.js';
import { MAX_FINDINGS } from './finding.js';
import { formatFinding, lint } from './lint.js';
import { Plan } from './plan.js';
import { Pipeline } from './schema.js';

const folder = new URL('./fixtures/', import.meta.url);
const fixtures = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const [good, bad] = ['good-', 'bad-'].map((kind) => fixtures.filter((f) => f.startsWith(kind)));

const textOf = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const said = (text: string): string[] => lint(text, 'pipeline.yaml').findings.map(formatFinding);

function expected(name: string, actual: string): string {
  if (process.env['UPDATE_FIXTURES'] === '1') writeFileSync(new URL(name, folder), actual);
  return textOf(name);
}

const oneStep = (step: string): string => `version: 1\nname: x\nsteps:\n  a: ${step}\n`;
const manySteps = (count: number): string =>
  `version: 1\nname: x\nsteps:\n${Array.from({ length: count }, (_, i) => `  s${i}: { run: ls }\n`).join('')}`;

describe('lint', () => {
  it.each(bad ?? [])('finds everything in %s at once', (name) => {
    const actual = `${said(textOf(name)).join('\n')}\n`;
    expect(actual).toBe(expected(name.replace('.yaml', '.txt'), actual));
  });

  it.each(good ?? [])('finds nothing in %s, and it compiles to the plan beside it', (name) => {
    const compiled = compileText(textOf(name), 'pipeline.yaml');
    if ('findings' in compiled) throw new Error(compiled.findings.map(formatFinding).join('\n'));
    const actual = `${JSON.stringify(compiled.plan, null, 2)}\n`;
    expect(actual).toBe(expected(name.replace('.yaml', '.json'), actual));
  });

  it.each(good ?? [])('gives of %s the model as it is written', (name) => {
    const { pipeline } = lint(textOf(name), 'pipeline.yaml');
    expect(Pipeline.parse(pipeline)).toEqual(pipeline);
  });

  it('finds a hundred deploys enough, and defaults that no run could be told', () => {
    const deploys = Array.from(
      { length: 101 },
      (_, index) =>
        `  d${index}: { needs: [image], deploy: { release: [image], stage: s${index} } }\n`,
    );
    const value = 'x'.repeat(32_000);
    const inputs = ['a', 'b', 'c'].map((name) => `${name}: { default: ${value} }`).join(', ');
    const text =
      `version: 1\nname: x\non: { manual: { inputs: { ${inputs} } } }\nsteps:\n` +
      `  image: { build: { kind: archive, paths: [a], command: ./a } }\n${deploys.join('')}`;
    expect(said(text)).toEqual([
      expect.stringContaining('the inputs have 96022 bytes together; the limit is 65536'),
      expect.stringContaining('the pipeline has 101 deploy steps; the limit is 100'),
    ]);
  });

  it('finds nothing in the pipeline of the sample', () => {
    const sample = '../../../docs/examples/chat-app/.slipway/pipeline.yaml';
    expect(said(textOf(sample))).toEqual([]);
  });

  it.each(['pipeline-reference.md', 'first-pipeline.md'])('finds nothing in %s', (guide) => {
    const text = textOf(`../../../docs/guides/${guide}`);
    const examples = [...text.matchAll(/```yaml\n(version: 1\n[\s\S]*?)```/g)];
    expect(examples).not.toHaveLength(0);
    for (const [, example] of examples) expect(said(example ?? '')).toEqual([]);
  });

  it('sorts findings by line, whichever check found them', () => {
    for (const name of bad ?? []) {
      const lines = lint(textOf(name), 'pipeline.yaml').findings.map(({ line }) => line);
      expect(lines).toEqual([...lines].sort((a, b) => a - b));
    }
  });

  it('says of every finding what to do', () => {
    for (const name of bad ?? []) {
      for (const finding of lint(textOf(name), 'pipeline.yaml').findings) {
        expect(finding.help).not.toBe('');
        expect(finding.message).not.toBe('');
      }
    }
  });

  it('takes as many steps as the limit says, and no more', () => {
    expect(said(manySteps(MAX_STEPS))).toEqual([]);
    expect(said(manySteps(MAX_STEPS + 1))).toEqual([
      'pipeline.yaml:3 steps: there are 10001 steps; the limit is 10000; put commands that belong together into one run step',
    ]);
  });

  it('refuses a file above the limit without reading it', () => {
    const comment = `#${'x'.repeat(MAX_PIPELINE_BYTES)}\n`;
    expect(said(`${oneStep('{ run: ls }')}${comment}`)[0]).toContain('the limit is 1048576');
    expect(said(`# ${'é'.repeat(MAX_PIPELINE_BYTES / 2)}`)[0]).toContain('the limit is 1048576');
  });

  it.each([
    ['a name of a step', `"${'a'.repeat(61)}": { run: ls }`, 'at most 60 characters'],
    ['a command', `a: { run: "${'x'.repeat(32_769)}" }`, 'at most 32768 characters'],
    ['commands', `a: { run: [${'x, '.repeat(501)}] }`, 'at most 500 entries'],
    ['a value', `a: { run: ls, env: { A: "${'x'.repeat(32_769)}" } }`, 'at most 32768 characters'],
    ['artifacts', `a: { run: ls, artifacts: [${many(51)}] }`, 'at most 50 entries'],
    ['outputs', `a: { run: ls, outputs: [${many(101)}] }`, 'at most 100 entries'],
    ['env', `a: { run: ls, env: { ${many(101, ': x')} } }`, 'must hold at most 100 names'],
    ['paths', `a: { build: { kind: archive, paths: [${many(101)}] } }`, 'at most 100 entries'],
    ['sarif', `a: { scan: { sarif: [${many(21)}] } }`, 'at most 20 entries'],
    ['tries', 'a: { check: { run: ls, tries: 101 } }', 'at most 100, and this is 101'],
    ['a timeout', 'a: { run: ls, timeout: 86401 }', 'between 1s and 24h, and this is 86401'],
    ['no timeout', 'a: { run: ls, timeout: 0s }', 'between 1s and 24h, and this is "0s"'],
    ['attempts', 'a: { run: ls, retry: { attempts: 21 } }', 'at most 20, and this is 21'],
  ])('keeps %s within the written limit', (_what, step, message) => {
    expect(said(`version: 1\nname: x\nsteps:\n  ${step}\n`).join('\n')).toContain(message);
  });

  it('lists a thousand findings, and says how many more there are', () => {
    const { findings } = lint(manySteps(1_200).replaceAll('run', 'rum'), 'pipeline.yaml');
    expect(findings).toHaveLength(MAX_FINDINGS + 1);
    expect(findings.at(-1)?.message).toBe('200 more findings are not listed');
  });

  it('shows what a hostile file holds without letting it steer the terminal', () => {
    const shown = said(oneStep(String.raw`{ "\e[2J\x9b2J\u202e": 1, when: "\e]0;x\a" }`)).join('');
    expect(shown).toContain(String.raw`\u001b[2J\u009b2J\u202e`);
    expect(shown).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe('whatever is pushed', () => {
  const words = fc.constantFrom(
    'version: 1',
    'name: x',
    'steps:',
    '  a:',
    '    run: ls',
    '    needs: [a, b]',
    '- ',
    '? ',
    '{',
    '}',
    '[',
    ']',
    ': ',
    '&a ',
    '*a',
    '!t ',
    '|',
    '>',
    '"',
    "'",
    '\t',
    '\n',
    '\r\n',
    '#',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '<<: *a',
    '${{ inputs.x }}',
    '\0',
    '\ud800',
    '\ufeff',
    '~',
  );

  it('is answered with findings or a model, never with an exception', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(words)), (pushed) => {
        const text = typeof pushed === 'string' ? pushed : pushed.join('');
        const { findings, pipeline } = lint(text, 'pipeline.yaml');
        expect(findings.length > 0).toBe(pipeline === undefined);
        const lines = text.split(/\n/).length;
        for (const { line } of findings) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is answered also where it is a pipeline with anything in any place', () => {
    const field = fc.constantFrom(
      'run',
      'build',
      'scan',
      'deploy',
      'check',
      'approve',
      'needs',
      'when',
      'env',
      'outputs',
      'kind',
      'paths',
      'release',
      'stage',
      'of',
      'http',
      'get',
      'retry',
      'on',
      'from',
      'cache',
    );
    const value = fc.letrec((tie) => ({
      leaf: fc.oneof(
        fc.constantFrom('a', 'b', '/x', '5m', '${{ steps.a.outputs.b }}'),
        fc.jsonValue(),
      ),
      tree: fc.oneof(
        { depthSize: 'small' },
        tie('leaf'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(field, tie('tree'), { maxKeys: 4 }),
      ),
    })).tree;
    const steps = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), value);
    const file = fc.record({ version: fc.constant(1), name: fc.constant('x'), steps, on: value });
    fc.assert(
      fc.property(fc.oneof(file, value), (model) => {
        const compiled = compileText(JSON.stringify(model), 'pipeline.yaml');
        if ('plan' in compiled) expect(Plan.parse(compiled.plan)).toEqual(compiled.plan);
        else expect(compiled.findings).not.toHaveLength(0);
      }),
      { numRuns: 500 },
    );
  });
});

function many(count: number, behind = ''): string {
  return Array.from({ length: count }, (_, i) => `n${i}${behind}`).join(', ');
}
