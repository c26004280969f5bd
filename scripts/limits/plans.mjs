// The plans that meet a limit, by name.
const STEPS = 10_000;
const MAX_PLAN_BYTES = 1_572_864;

const run = (name, more = {}) => ({ name, kind: 'run', spec: { commands: ['true'] }, ...more });
const count = (length, make) => Array.from({ length }, (_unused, index) => make(index));

/** So many lanes, each a chain. */
function lanes(lanesCount, length) {
  return count(lanesCount * length, (index) => {
    const needs = index < lanesCount ? {} : { needs: [`s${index - lanesCount}`] };
    return run(`s${index}`, needs);
  });
}

/** Commands as long as the largest plan allows. */
function asLargeAsAllowed(steps) {
  const own = Buffer.byteLength(JSON.stringify({ pipeline: 'p', steps }));
  const script = 'x'.repeat(Math.floor((MAX_PLAN_BYTES - own) / steps.length));
  return steps.map((step) => ({ ...step, spec: { commands: [`true${script}`] } }));
}

const readers = (length, of) =>
  count(length, (index) =>
    run(`reader${index}`, { needs: [of], env: { V: `\${{ steps.${of}.outputs.v }}` } }),
  );
const writers = count(40, (index) => run(`writer${index}`, { outputs: ['v'] }));

export const plans = {
  lanes: { title: '10,000 steps in 100 lanes', steps: lanes(100, STEPS / 100) },
  full: {
    title: '10,000 steps, plan of 1.5 MiB',
    steps: asLargeAsAllowed(lanes(100, STEPS / 100)),
  },
  chain: { title: '2,000 steps one after the other', steps: lanes(1, 2_000) },
  wide: { title: '5,000 parallel steps', steps: lanes(5_000, 1) },
  read: {
    title: '1,000 readers of one 60 KB output',
    steps: [run('source', { outputs: ['v'] }), ...readers(1_000, 'source')],
  },
  heavy: {
    title: '40 outputs of 60 KB for one step',
    steps: [
      ...writers,
      run('reader', {
        needs: writers.map(({ name }) => name),
        env: { V: writers.map(({ name }) => `\${{ steps.${name}.outputs.v }}`).join('') },
      }),
    ],
  },
};
