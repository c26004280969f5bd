import { describe, expect, it } from '@jest/globals';
import { compile } from './compile.js';
import { preview } from './preview.js';
import type { Step } from './schema.js';

const plan = (steps: Record<string, Step>) => compile({ version: 1, name: 'x', steps });
const pushed = { runs: true, why: 'push to "main"' };
const told = (steps: Record<string, Step>, event = pushed) =>
  preview(plan(steps), event).map(({ wave, name, runs, why }) => `${wave} ${name} ${runs}: ${why}`);
const run = 'ls';

describe('a preview', () => {
  it('tells in which wave each step starts, and why', () => {
    const steps: Record<string, Step> = {
      late: { run, needs: ['left', 'right'] },
      first: { run },
      left: { run, needs: ['first'] },
      right: { run, needs: ['first'] },
      alone: { scan: {} },
    };
    expect(told(steps)).toEqual([
      '1 first true: push to "main"',
      '1 alone true: push to "main"',
      '2 left true: when "first" succeeded',
      '2 right true: when "first" succeeded',
      '3 late true: when "left" and "right" succeeded',
    ]);
  });

  it('skips what waits for a failure, and what waits for that, directly or through others', () => {
    const steps: Record<string, Step> = {
      test: { run },
      alarm: { run, needs: ['test'], when: 'failure' },
      report: { run, needs: ['alarm'], when: 'always' },
      after: { run, needs: ['report'] },
      last: { run, needs: ['after'] },
      anyway: { run, when: 'always' },
    };
    expect(told(steps)).toEqual([
      '1 test true: push to "main"',
      '1 anyway true: in any case',
      '2 alarm false: only when a step before it says no or errors',
      '3 report true: in any case, after "alarm"',
      '4 after false: "alarm" would be skipped',
      '5 last false: "after" would be skipped',
    ]);
  });

  it('runs nothing when nothing starts the pipeline', () => {
    const steps: Record<string, Step> = { a: { run }, b: { run, needs: ['a'], when: 'always' } };
    expect(told(steps, { runs: false, why: 'push to "x": not taken' })).toEqual([
      '1 a false: push to "x": not taken',
      '2 b false: push to "x": not taken',
    ]);
  });

  it('names the first three of many needs', () => {
    const steps: Record<string, Step> = { a: { run }, b: { run }, c: { run }, d: { run } };
    const needs = Object.keys(steps);
    expect(told({ ...steps, all: { run, needs } }).at(-1)).toBe(
      '2 all true: when "a", "b", "c" and 1 more succeeded',
    );
  });

  it('carries kind and needs', () => {
    expect(preview(plan({ a: { scan: {} }, b: { run, needs: ['a'] } }), pushed)).toEqual([
      { name: 'a', kind: 'scan', needs: [], wave: 1, runs: true, why: 'push to "main"' },
      { name: 'b', kind: 'run', needs: ['a'], wave: 2, runs: true, why: 'when "a" succeeded' },
    ]);
  });
});
