import { describe, expect, it } from '@jest/globals';
import { formatFinding } from './finding.js';
import type { Pipeline } from './schema.js';
import { defaultInputs, manualInputs, matchesManual, matchesPush, type Start } from './triggers.js';

const pipeline = (on?: Pipeline['on']): Pipeline => ({
  version: 1,
  name: 'x',
  ...(on === undefined ? {} : { on }),
  steps: { a: { run: 'ls' } },
});
const push = (branch: string, ...changedPaths: string[]) => ({ branch, changedPaths });

describe('a push', () => {
  it('is answered soon, however its patterns are written', () => {
    const costly = `{${Array(30).fill('*a').join(',')}}${'a'.repeat(100)}b`;
    const patterns = Array(50).fill(costly);
    const long = Array.from({ length: 50 }, () => 'a'.repeat(4_000));
    expect(matchesPush(pipeline({ push: { paths: patterns } }), push('a', ...long))).toEqual({
      runs: true,
      why: 'push to "a"; on.push.paths: the patterns take too long to compare; write fewer "*" and "{}"',
    });
    const branch = matchesPush(pipeline({ push: { branches: patterns } }), push(long[0] ?? ''));
    expect(branch.runs).toBe(false);
    expect(branch.why).toContain('take too long to compare');
  });

  it.each<[string, Pipeline['on'], ReturnType<typeof push>, Start]>([
    ['without on, to any branch', undefined, push('a'), { runs: true, why: 'push to "a"' }],
    ['with an empty on.push', { push: null }, push('a'), { runs: true, why: 'push to "a"' }],
    [
      'where only people start it',
      { manual: {} },
      push('a'),
      { runs: false, why: 'on.push is not there: only people start this pipeline' },
    ],
    [
      'to a branch of the list',
      { push: { branches: ['main', 'release/*'] } },
      push('release/1'),
      { runs: true, why: 'push to "release/1", which is in "release/*"' },
    ],
    [
      'to another branch',
      { push: { branches: ['main', 'release/*'] } },
      push('release/1/x'),
      { runs: false, why: 'push to "release/1/x": on.push.branches takes "main" and "release/*"' },
    ],
    [
      'that changed a path of the list',
      { push: { paths: ['src/**', '!**/*.md'] } },
      push('a', 'src/README.md', 'src/x.ts'),
      { runs: true, why: 'push to "a"; "src/x.ts" changed, which is in "src/**"' },
    ],
    [
      'that changed other paths only',
      { push: { paths: ['src/**', '!**/*.md'] } },
      push('a', 'src/README.md', 'x.ts'),
      { runs: false, why: 'push to "a" changed nothing in on.push.paths: "src/**" and "!**/*.md"' },
    ],
    [
      'that changed nothing',
      { push: { paths: ['**'] } },
      push('a'),
      { runs: false, why: 'push to "a" changed nothing in on.push.paths: "**"' },
    ],
  ])('%s', (_what, on, pushed, start) => {
    expect(matchesPush(pipeline(on), pushed)).toEqual(start);
  });

  it('starts the pipeline when nobody knows what changed', () => {
    const on = { push: { branches: ['main'], paths: ['src/**'] } };
    expect(matchesPush(pipeline(on), { branch: 'main', changedPaths: null })).toEqual({
      runs: true,
      why: 'push to "main", which is in "main"; what changed is not known',
    });
  });

  it('brings the defaults of all inputs', () => {
    const inputs = { level: { default: 3 }, on: { default: true }, free: {}, none: null };
    expect(defaultInputs(pipeline({ manual: { inputs } }))).toEqual({
      level: '3',
      on: 'true',
      free: '',
      none: '',
    });
    expect(defaultInputs(pipeline())).toEqual({});
  });
});

describe('a person', () => {
  const declared = pipeline({
    manual: {
      inputs: {
        level: { default: 'info', options: ['info', 'debug', 3] },
        reason: { required: true, description: 'say why' },
        note: null,
      },
    },
  });
  const start = (given: Record<string, string>, of = declared) => {
    const result = manualInputs(of, given);
    return 'inputs' in result ? result.inputs : result.findings.map(formatFinding);
  };

  it.each([
    [undefined, true],
    [{ manual: null }, true],
    [{ push: null, manual: {} }, true],
    [{ push: null }, false],
  ])('may start a pipeline with on %j: %j', (on, runs) => {
    expect(matchesManual(pipeline(on)).runs).toBe(runs);
  });

  it('gets the defaults for what is not given', () => {
    expect(start({ reason: 'x' })).toEqual({ level: 'info', reason: 'x', note: '' });
  });

  it('gives values, numbers of the options as text', () => {
    expect(start({ reason: 'x', level: '3', note: 'y' })).toEqual({
      level: '3',
      reason: 'x',
      note: 'y',
    });
  });

  it('is told when all inputs together are more than every step can be told', () => {
    const free = pipeline({ manual: { inputs: { a: null, b: null, c: null } } });
    const value = 'x'.repeat(30_000);
    expect(start({ a: value, b: value, c: value }, free)).toEqual([
      'inputs:1 inputs: the inputs have 90022 bytes together; the limit is 65536; put long values into files of the repository',
    ]);
  });

  it('is told everything that is wrong at once', () => {
    expect(start({ lvel: 'x', level: 'debgu', note: 'x'.repeat(32_769) })).toEqual([
      'inputs:1 inputs.lvel: there is no input "lvel"; did you mean "level"?',
      'inputs:1 inputs.level: "debgu" is none of the options of "level"; did you mean "debug"?',
      'inputs:1 inputs.reason: the input "reason" is missing; say why',
      'inputs:1 inputs.note: the input "note" is 32769 characters long; the limit is 32768',
    ]);
  });

  it('cannot give inputs that objects have by themselves', () => {
    expect(start({ constructor: 'x' }, pipeline())).toEqual([
      'inputs:1 inputs.constructor: there is no input "constructor"; this pipeline has none',
    ]);
  });

  it('is told where only a push starts the pipeline', () => {
    expect(start({}, pipeline({ push: null }))).toEqual([
      'inputs:1 on.manual: on.manual is not there: only a push starts it; push, or add "manual: {}" to "on"',
    ]);
  });
});
