/** Names, reasons, authors and logs that would steer the terminal of whoever reads about the run. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Hostile, must, pipeline } from '../entry.js';
import { isTame, STEERING } from '../steering.js';

export const TERMINALS: Hostile[] = [
  {
    tries: 'escape sequences in a log, a file name and a reason',
    heldBy: 'everywhere',
    happens: async (world) => {
      const shout = `printf '%s\\n' ${quoted(STEERING)} ${quoted(STEERING)} >&2`;
      const text = pipeline({
        shout: { run: [shout, 'false'] },
        name: { run: [`ln -s / ${quoted(STEERING.replaceAll('/', ':'))}`], artifacts: ['*owned*'] },
        say: { run: `echo hello # ${STEERING.replace(/[^ -~]/g, '?')}` },
      });
      const clone = await world.repository({ '.slipway/pipeline.yaml': text });
      const { stderr } = await world.pushed(clone);
      isTame(stderr, 'the push');
      const { id } = await world.expectRun(clone, { status: 'failed' });
      for (const args of [
        ['show', id],
        ['logs', id],
        ['logs', id, 'shout'],
        ['watch', id],
        ['runs'],
      ]) {
        const said = await world.stack.slipway(...args);
        isTame(said.stdout + said.stderr, `slipway ${args.join(' ')}`);
      }
      const json = await world.stack.slipway('show', id, '--json');
      isTame(json.stdout, 'slipway show --json');
      const run = await world.stack.client.runs.get(id);
      must(JSON.parse(json.stdout).steps[1].reason === run.steps[1]?.reason, '--json is not exact');
    },
  },
  {
    tries: 'escape sequences in the authors, subjects and paths that an approver is shown',
    heldBy: 'everywhere',
    happens: async (world) => {
      const text = pipeline({ a: { run: 'true' }, ask: { needs: ['a'], approve: {} } });
      const clone = await world.repository({ '.slipway/pipeline.yaml': text });
      await writeFile(join(clone.folder, STEERING.replaceAll('/', ':')), 'x');
      await clone.git('config', 'user.name', STEERING.replace(/[\n<>]/g, ''));
      const commit = await clone.commit(`${STEERING}\n\nRun-Id: forged-1`);
      const { stderr } = await world.pushed(clone);
      isTame(stderr, 'the push');
      const { id } = await world.stack.runOf(clone.name, commit);
      const shown = await world.stack.slipway('show', id);
      must(shown.stdout.includes('asks anybody'), `the question is not shown:\n${shown.stdout}`);
      isTame(shown.stdout, 'slipway show');
      const why = `no${STEERING}\nRun-Id: forged`;
      const said = await world.stack.slipway('reject', id, '-m', why);
      isTame(said.stdout + said.stderr, 'slipway reject');
      await world.expectRun(clone, { status: 'failed' });
      isTame((await world.stack.slipway('show', id)).stdout, 'slipway show');
      isTame((await world.stack.slipway('audit')).stdout, 'slipway audit');
    },
  },
  {
    tries: 'escape sequences in a pipeline file that cannot be read',
    heldBy: 'everywhere',
    happens: async (world) => {
      const text = `version: 1\nname: "${STEERING.replace(/[\\"]/g, '')}"\nsteps: { "a\\e[2J": { rum: 1 } }\n`;
      const clone = await world.repository({ '.slipway/pipeline.yaml': text });
      const { stderr } = await world.pushed(clone);
      isTame(stderr, 'the push');
      const linted = await world.stack.slipway(
        'lint',
        join(clone.folder, '.slipway/pipeline.yaml'),
      );
      must(linted.code === 1, `lint ended with ${linted.code}`);
      isTame(linted.stdout + linted.stderr, 'slipway lint');
    },
  },
];

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
