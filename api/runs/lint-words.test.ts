import { describe, expect, it } from '@jest/globals';
import type { LintFinding } from '../../workflows/pipeline/finding.js';
import { lintWords } from './lint-words.js';

const findings = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    file: '.slipway/pipeline.yaml',
    line: index + 1,
    column: 1,
    field: `steps.s${index}`,
    message: 'there is no step "biuld"',
    help: 'did you mean "build"?',
  })) as LintFinding[];

describe('the findings of a pipeline that cannot run', () => {
  it('are the reason of its run, where they fit', () => {
    const { lintReason, lintLog } = lintWords('web-1', findings(3));
    expect(lintReason.split('\n')).toHaveLength(3);
    expect(lintLog).toBeUndefined();
  });

  it('are all in the log of its lint step, where they do not, and the reason says so', () => {
    const { lintReason, lintLog } = lintWords('web-1', findings(200));
    expect(lintReason.length).toBeLessThanOrEqual(2_000);
    expect(lintReason).toMatch(/\n… and \d+ more: slipway logs web-1 lint$/);
    expect(lintLog?.trimEnd().split('\n')).toHaveLength(200);
    expect(lintLog).toContain('s199');
  });

  it('are counted where even the log cannot hold them', () => {
    const { lintLog } = lintWords('web-1', findings(9_000));
    expect(lintLog?.length).toBeLessThanOrEqual(262_145);
    expect(lintLog).toMatch(/… and \d+ more: slipway lint\n$/);
  });
});
