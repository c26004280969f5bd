/** Pipeline files that are written to break who reads them. Each is answered with findings, and soon. */
import { type Hostile, must } from '../entry.js';

/** For one text, beside others, on a machine that is busy. Milliseconds. */
const ANSWER_LIMIT_MS = 60_000;
const HEAD = 'version: 1\nname: x\n';
const STEPS = `${HEAD}steps:\n  a: { run: x }\n`;

const TEXTS: Record<string, string> = {
  'a thousand million laughs': `${HEAD}a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((name, i) => {
      const before = 'abcdefgh'[i];
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]\n`;
    })
    .join('')}`,
  'an alias inside of its own anchor': `${HEAD}steps: &s { a: *s }\n`,
  'ten thousand levels of lists': `${HEAD}steps: ${'['.repeat(10_000)}`,
  'ten thousand levels of mappings': `${HEAD}steps: ${'{a: '.repeat(10_000)}`,
  'ten thousand levels of indentation': Array.from(
    { length: 1_400 },
    (_, i) => `${' '.repeat(i)}a:\n`,
  ).join(''),
  'a scalar of a megabyte': `${HEAD}steps: { a: { run: "${'x'.repeat(1_000_000)}" } }\n`,
  'more than a megabyte': `${HEAD}# ${'x'.repeat(1_100_000)}\n`,
  'a hundred thousand fields that are not there': Array.from(
    { length: 100_000 },
    (_, i) => `k${i}: 1\n`,
  ).join(''),
  'ten thousand steps that need what is not there': `${HEAD}steps:\n${Array.from(
    { length: 10_000 },
    (_, i) => `  step${i}: { run: x, needs: [stpe${i}, setp${i}] }\n`,
  ).join('')}`,
  'a merge key': `${HEAD}base: &b { run: x }\nsteps: { a: { <<: *b } }\n`,
  'keys written twice': `${STEPS}steps:\n  a: { run: y }\n`,
  'tags of other languages': `${HEAD}steps: { a: !!js/function "function(){}" , b: !!python/object/apply:os.system [x] }\n`,
  'a binary tag': `${HEAD}steps: { a: { run: !!binary "AAAA" } }\n`,
  'names that every object has': `${HEAD}steps: { __proto__: { run: x }, constructor: { run: x }, toString: { run: x } }\n`,
  'a way to everybody’s prototype': `${STEPS}__proto__: { polluted: true }\nconstructor: { prototype: { polluted: true } }\n`,
  'a NUL character': `${HEAD}steps: { a: { run: "x\\0y" } }\n`,
  'what is no UTF-8': Buffer.from([
    ...Buffer.from(`${HEAD}steps: { a: { run: "`),
    0xff,
    0xfe,
    ...Buffer.from('" } }\n'),
  ]).toString(),
  'UTF-16': Buffer.from(STEPS, 'utf16le').toString('latin1'),
  'half a character': `${HEAD}steps: { a: { run: "\\ud800" } }\n`,
  'two documents': `${STEPS}---\n${STEPS}`,
  'a directive': `%YAML 1.1\n---\n${STEPS}`,
  'patterns with more choices than there are names': `${HEAD}on: { push: { paths: ["${'{a,b}'.repeat(50)}"] } }\nsteps: { a: { run: x } }\n`,
  'artifacts from outside': `${HEAD}steps: { a: { run: x, artifacts: ["../x", "/etc/passwd", "a/../../b", "~/x"] } }\n`,
  'numbers that are too large': `${HEAD}steps: { a: { run: x, timeout: 1e400, retry: { attempts: 99999999999999999999 } } }\n`,
  'a step that is called like an option': `${HEAD}steps: { --version: { run: x }, "a b": { run: x }, "../x": { run: x }, "": { run: x }, "${'x'.repeat(61)}": { run: x } }\n`,
  'variables that are ours': `${HEAD}steps: { a: { run: x, env: { SLIPWAY_OUTPUT: /etc/passwd, "A=B": c, "": d } } }\n`,
};

// REST takes no more than the language does: that one can only be pushed.
const { 'more than a megabyte': _pushed, ...ASKED } = TEXTS;
const single = Object.entries(ASKED).map(
  ([what, text]): Hostile => ({
    tries: `a pipeline with ${what} is answered with findings`,
    heldBy: 'everywhere',
    happens: async ({ stack }) => {
      const began = performance.now();
      const { valid, findings } = await stack.client.pipelines.lint({ text });
      const tookMs = performance.now() - began;
      must(!valid && findings.length > 0, 'nothing was found');
      must(tookMs < ANSWER_LIMIT_MS, `it took ${Math.round(tookMs)} ms`);
      must(!('polluted' in {}), 'every object was changed');
    },
  }),
);

export const PIPELINES: Hostile[] = [
  ...single,
  {
    tries: 'hostile pipelines that are pushed make runs that say why they failed',
    heldBy: 'everywhere',
    happens: async (world) => {
      const texts = [
        'a thousand million laughs',
        'more than a megabyte',
        'ten thousand steps that need what is not there',
      ];
      for (const what of texts) {
        const clone = await world.repository({ '.slipway/pipeline.yaml': TEXTS[what] ?? '' });
        const { stderr } = await world.pushed(clone);
        must(/cannot run, \d+ findings?:/.test(stderr), `the push does not say why:\n${stderr}`);
        await world.expectRun(clone, { status: 'failed' });
      }
    },
  },
  {
    tries: 'patterns that take for ever to compare hold up nobody',
    heldBy: 'everywhere',
    happens: async (world) => {
      const costly = `{${Array(30).fill('*a').join(',')}}${'a'.repeat(100)}b`;
      const on = `on: { push: { paths: [${Array(50).fill(`"${costly}"`).join(', ')}] } }`;
      const files = Array.from({ length: 300 }, (_, i) => [`${'a'.repeat(240)}${i}`, '']);
      const clone = await world.repository({
        '.slipway/pipeline.yaml': `${HEAD}${on}\nsteps: { a: { run: "true" } }\n`,
      });
      await world.pushed(clone);
      await clone.commit('many', Object.fromEntries(files));
      const began = performance.now();
      await world.pushed(clone);
      const tookMs = performance.now() - began;
      must(tookMs < ANSWER_LIMIT_MS, `the push took ${Math.round(tookMs)} ms`);
      await world.expectRun(clone, { status: 'succeeded' });
    },
  },
];
