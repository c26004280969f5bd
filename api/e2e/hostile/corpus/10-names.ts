/** Names that are paths, options, or mean something to a shell or a file system. */
import { type Hostile, must, pipeline, run } from '../entry.js';

const FINE = { '.slipway/pipeline.yaml': pipeline({ a: { run: 'true' } }) };

export const NAMES: Hostile[] = [
  {
    tries: 'repositories called like paths and options are refused, and reserved words are words',
    heldBy: 'everywhere',
    happens: async (world) => {
      const bad = [
        '-x',
        '--upload-pack=x',
        '..',
        '%2e%2e',
        'a%2f..%2fb',
        'x'.repeat(41),
        'ü',
        'A',
        '.git',
      ];
      for (const name of bad) {
        const { code, stderr } = await (await world.repository(FINE, name)).push();
        must(code !== 0, `a push to "${name}" was taken:\n${stderr}`);
      }
      for (const name of ['con', 'nul', 'head', 'x'.repeat(40)]) {
        const clone = await world.repository(FINE, name);
        await world.pushed(clone);
        await world.expectRun(clone, { status: 'succeeded' });
      }
    },
  },
  run({
    tries: 'names of steps, stages, inputs and variables as long and as odd as they may be',
    files: { '-rf': '', '--help': '', '$(x)': '' },
    steps: {
      [`_${'-'.repeat(58)}x`]: {
        run: 'true',
        artifacts: ['-rf', '--help', '$(x)'],
        env: { ['A'.repeat(200)]: '$(x)' },
      },
      con: {
        run: 'test "$X" = "$(printf %s "\\$(touch x)")" && test ! -e x',
        env: { X: '$(touch x)' },
      },
    },
    ends: { status: 'succeeded' },
  }),
  {
    tries: 'refs and inputs of a start by hand that are expressions or options',
    heldBy: 'everywhere',
    happens: async (world) => {
      const clone = await world.repository(FINE);
      await world.pushed(clone);
      const refs = [
        '--all',
        '-x',
        'main^{tree}',
        'main~0',
        ':/.',
        '@{-1}',
        'refs/heads/../x',
        '../../x',
        'main:.slipway',
      ];
      for (const ref of refs) {
        const refusal = await world.stack.client.runs
          .start({ repository: clone.name, ref, inputs: {} })
          .then(
            (started) => `started ${started.id}`,
            (error: Error) => error.name,
          );
        must(refusal === 'ApiProblem', `the ref ${ref} has ${refusal}`);
      }
    },
  },
];
