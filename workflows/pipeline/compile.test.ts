import { describe, expect, it } from '@jest/globals';
import { MAX_PLAN_BYTES } from '../domain/limits.js';
import { compile, compileText } from './compile.js';
import { formatFinding } from './finding.js';
import { cyclesOf, orderOf, reachOf } from './graph.js';
import { stagesOf } from './plan.js';
import { preview } from './preview.js';
import type { Pipeline, Step } from './schema.js';

const pipeline = (steps: Record<string, Step>): Pipeline => ({ version: 1, name: 'x', steps });
const compiled = (step: Step) => compile(pipeline({ a: step })).steps[0];

describe('compile', () => {
  it('leaves out what is the default', () => {
    expect(compiled({ run: 'ls', needs: [], continueOnError: false })).toEqual({
      name: 'a',
      kind: 'run',
      spec: { commands: ['ls'] },
    });
  });

  it.each([
    ['90s', 90],
    ['10m', 600],
    ['2h', 7_200],
    [45, 45],
  ])('makes seconds of %j', (timeout, timeoutSeconds) => {
    expect(compiled({ run: 'ls', timeout })).toMatchObject({ timeoutSeconds });
  });

  it('takes the timeout of a gate from the gate', () => {
    expect(compiled({ approve: { timeout: '72h', required: 2 } })).toEqual({
      name: 'a',
      kind: 'approve',
      timeoutSeconds: 259_200,
      spec: { required: 2 },
    });
  });

  it.each([
    [undefined, ['lost', 'errored']],
    [['timeout' as const], ['lost', 'timeout']],
    [
      ['errored' as const, 'lost' as const],
      ['errored', 'lost'],
    ],
  ])('tries again after a loss, whatever retry.on says: %j', (on, expected) => {
    const retry = on === undefined ? { attempts: 3 } : { attempts: 3, on };
    expect(compiled({ run: 'ls', retry })).toMatchObject({ retry: { attempts: 3, on: expected } });
  });

  it('makes text of all values in env', () => {
    const env = { PORT: 8080, DEBUG: true, NAME: 'x' };
    expect(compiled({ run: 'ls', env })).toMatchObject({
      env: { PORT: '8080', DEBUG: 'true', NAME: 'x' },
    });
  });

  it.each(['get', 'head', 'post', 'put', 'delete'] as const)('knows the method %s', (method) => {
    expect(compiled({ check: { http: [{ [method]: '/x' }] } })).toMatchObject({
      spec: { http: [{ method: method.toUpperCase(), url: '/x' }] },
    });
  });

  it('knows the stages of a plan, each once, in the order of the file', () => {
    const deploy = (stage: string): Step => ({ deploy: { release: ['i'], stage } });
    const steps = { a: deploy('two'), b: deploy('one'), c: deploy('two') };
    expect(stagesOf(compile(pipeline(steps)))).toEqual(['two', 'one']);
  });

  it('refuses a plan that Temporal would not carry, and says so at the steps', () => {
    // Aliases cost few bytes in the file and all of theirs in the plan.
    const steps = Array.from({ length: 60 }, (_, i) => `  s${i}: { run: ls, env: *env }\n`);
    const value = 'x'.repeat(32_768);
    const text = `version: 1\nname: x\nsteps:\n  a: { run: ls, env: &env { A: ${value} } }\n${steps.join('')}`;
    const result = compileText(text, 'pipeline.yaml');
    expect('findings' in result && result.findings.map(formatFinding)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^pipeline.yaml:3 steps: the plan has \\d+ bytes; the limit is ${MAX_PLAN_BYTES}`,
        ),
      ),
    ]);
  });

  it('stops at a step without a kind: that is our mistake, not the author’s', () => {
    expect(() => compiled({})).toThrow('the step "a" has no kind');
  });
});

describe('ten times the steps cost ten times the work', () => {
  const sizes = [1_000, 10_000] as const;
  const name = (i: number): string => `s${i}`;
  const shapes: [string, (count: number) => number[][]][] = [
    ['a chain', (count) => Array.from({ length: count }, (_, i) => (i === 0 ? [] : [i - 1]))],
    ['a fan-out', (count) => Array.from({ length: count }, (_, i) => (i === 0 ? [] : [0]))],
    [
      'a fan-in',
      (count) => Array.from({ length: count }, (_, i) => (i < count - 1 ? [] : range(i))),
    ],
    [
      'a diamond',
      (count) => Array.from({ length: count }, (_, i) => [i - 1, i - 2].filter((n) => n >= 0)),
    ],
  ];

  const stepsOf = (needs: number[][]): Record<string, Step> =>
    Object.fromEntries(needs.map((list, i) => [name(i), { run: 'ls', needs: list.map(name) }]));

  it.each(shapes)('in %s, compiled', (_what, shape) => {
    const [few, many] = sizes.map((size) => {
      const { watched, reads } = watch(pipeline(stepsOf(shape(size))));
      compile(watched);
      return reads();
    });
    expect((many ?? 0) / (few ?? 1)).toBeLessThan(11);
  });

  it.each(shapes)('in %s, previewed', (_what, shape) => {
    const [few, many] = sizes.map((size) => {
      const { watched, reads } = watch(compile(pipeline(stepsOf(shape(size)))));
      expect(preview(watched, { runs: true, why: 'x' })).toHaveLength(size);
      return reads();
    });
    expect((many ?? 0) / (few ?? 1)).toBeLessThan(11);
  });

  it.each(shapes)('in %s, ordered and searched', (_what, shape) => {
    const [few, many] = sizes.map((size) => {
      const { watched, reads } = watch(shape(size));
      expect(orderOf(watched).sorted).toHaveLength(size);
      expect(cyclesOf(watched)).toEqual([]);
      expect(reachOf(watched, [0])(size - 1, 0)).toBe(true);
      return reads();
    });
    expect((many ?? 0) / (few ?? 1)).toBeLessThan(11);
  });
});

function range(count: number): number[] {
  return [...Array(count).keys()];
}

/** The same value, counting how often anything in it is looked at. */
function watch<T extends object>(value: T): { watched: T; reads: () => number } {
  let count = 0;
  const seen = new WeakMap<object, object>();
  const wrap = (inner: object): object => {
    const known = seen.get(inner);
    if (known !== undefined) return known;
    const proxy = new Proxy(inner, {
      get(target, key, receiver) {
        count += 1;
        const found: unknown = Reflect.get(target, key, receiver);
        return typeof found === 'object' && found !== null ? wrap(found) : found;
      },
    });
    seen.set(inner, proxy);
    return proxy;
  };
  return { watched: wrap(value) as T, reads: () => count };
}
