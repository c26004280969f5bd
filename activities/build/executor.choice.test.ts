import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Config } from '../platform/config.js';
import { type Choice, chooseExecutor } from './executor.choice.js';
import { type Found, findTools } from './sandbox/tools.js';

let root: string;
let choice: Choice | undefined;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-choice-'));
});
afterEach(async () => {
  await choice?.executor.close();
  await rm(root, { recursive: true, force: true });
});

async function choose(wanted: string, find?: () => Promise<Found>): Promise<Choice> {
  const DATABASE_URL = 'postgres://nobody@127.0.0.1:1/nowhere';
  const config = Config.parse({ SLIPWAY_HOME: root, DATABASE_URL, SLIPWAY_EXECUTOR: wanted });
  const folder = join(root, 'work');
  const repositories = join(root, 'git');
  await mkdir(repositories, { recursive: true });
  const parts = { config, path: '/usr/bin:/bin', folder, repositories };
  choice = await chooseExecutor({ ...parts, ...(find && { find }) });
  return choice;
}

const missing = async (): Promise<Found> => ({
  ok: false,
  reason: 'bwrap is not installed',
  help: 'apt-get install bubblewrap',
});
/** Is there, and does not work: as in a container without the rights to make namespaces. */
const powerless = async (): Promise<Found> => {
  const found = await findTools();
  return found.ok ? { ok: true, tools: { ...found.tools, bwrap: '/bin/false' } } : found;
};

describe('the executor of a worker', () => {
  it('is the sandbox where it works', async () => {
    const { report, executor } = await choose('');
    expect(report).toMatchObject({ executor: 'sandbox', help: '' });
    expect(executor.notice).toContain('executor sandbox');
  });

  it.each([
    ['its programs are missing', missing, /bwrap is not installed/, /apt-get install bubblewrap/],
    ['it does not work', powerless, /ended with exit code 1/, /bwrap and slirp4netns by hand/],
  ])('is plain, and says so, where %s', async (_what, find, why, help) => {
    const { report, executor } = await choose('', find);
    expect(report.executor).toBe('plain');
    expect(report.message).toMatch(why);
    expect(report.help).toMatch(help);
    expect(executor.notice).toMatch(/not isolated; not protected are/);
  });

  it('is plain where that is asked for, without complaint', async () => {
    const { report } = await choose('plain');
    expect(report).toMatchObject({ executor: 'plain', help: '' });
  });

  it('is never plain where the sandbox is asked for: steps are errored, and say what to do', async () => {
    const { report, executor } = await choose('sandbox', missing);
    expect(report.executor).toBe('none');
    await expect(executor.shell()).rejects.toThrow(
      /asks for the sandbox, .*bwrap is not installed.*apt-get install bubblewrap/,
    );
  });
});
