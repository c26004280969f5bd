import { describe, expect, it } from '@jest/globals';
import { toSeconds } from './duration.js';
import { fieldOf, formatFinding, listed, quote } from './finding.js';
import { didYouMean, nearest } from './suggest.js';

const finding = { file: 'pipeline.yaml', line: 14, field: 'steps.deploy.needs' };

describe('a finding', () => {
  it('is one line: where, what, what to do', () => {
    const message = 'there is no step "biuld"';
    expect(formatFinding({ ...finding, message, help: 'did you mean "build"?' })).toBe(
      'pipeline.yaml:14 steps.deploy.needs: there is no step "biuld"; did you mean "build"?',
    );
    expect(formatFinding({ ...finding, field: '', message: 'it is empty', help: '' })).toBe(
      'pipeline.yaml:14: it is empty',
    );
  });

  it('names a field as people write it, and quotes names that they would not', () => {
    expect(fieldOf([])).toBe('');
    expect(fieldOf(['steps', 'a-b', 'needs', 0])).toBe('steps.a-b.needs[0]');
    expect(fieldOf(['steps', 'a b', 'x\n'])).toBe('steps["a b"]["x\\n"]');
  });

  it('quotes values, cut and without characters that steer a terminal', () => {
    expect(quote('a"b')).toBe('"a\\"b"');
    expect(quote(5)).toBe('5');
    expect(quote('x'.repeat(100))).toHaveLength(82);
    expect(quote('\u001b[2J\u202e\u009b\ud800')).toBe('"\\u001b[2J\\u202e\\u009b\\ud800"');
  });

  it.each([
    [[], ''],
    [['a'], '"a"'],
    [['a', 'b'], '"a" and "b"'],
    [['a', 'b', 'c'], '"a", "b" and "c"'],
    [['a', 'b', 'c', 'd', 'e'], '"a", "b", "c" and 2 more'],
  ])('lists %j as %s', (names, text) => {
    expect(listed(names, 3)).toBe(text);
  });
});

describe('did you mean', () => {
  const known = ['build', 'test', 'deploy', 'continueOnError', 'needs', 'when', 'run', 'steps'];

  it.each([
    ['biuld', 'build'],
    ['Build', 'build'],
    ['tset', 'test'],
    ['dploy', 'deploy'],
    ['continue-on-error', 'continueOnError'],
    ['continue_on_eror', 'continueOnError'],
    ['depends_on', 'needs'],
    ['script', 'run'],
    ['jobs', 'steps'],
    ['if', 'when'],
  ])('for %j suggests %j', (wrong, meant) => {
    expect(nearest(wrong, known)).toBe(meant);
    expect(didYouMean(wrong, known, 'nothing')).toBe(`did you mean "${meant}"?`);
  });

  it.each(['publish', 'x', '', 'b'.repeat(100)])('for %j suggests nothing', (wrong) => {
    expect(didYouMean(wrong, known, 'the steps are …')).toBe('the steps are …');
  });
});

describe('a duration', () => {
  it.each([
    ['0s', 0],
    ['90s', 90],
    ['10m', 600],
    ['72h', 259_200],
    [3_600, 3_600],
    ['120s', 120],
  ])('%j is %j seconds', (written, seconds) => {
    expect(toSeconds(written)).toBe(seconds);
  });

  it.each(['', '5', 's', '1d', '1.5h', '-1s', '1h30m', ' 1s', -1, 1.5, Number.NaN, null, {}])(
    '%j is none',
    (written) => {
      expect(toSeconds(written)).toBeUndefined();
    },
  );
});
