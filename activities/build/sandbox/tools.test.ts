import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findTools } from './tools.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-tools-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function install(...names: string[]): Promise<void> {
  for (const name of names) {
    await writeFile(join(folder, name), '');
    await chmod(join(folder, name), 0o755);
  }
}

const OTHERS = ['bash', 'nsenter', 'unshare', 'setpriv', 'prlimit'];

describe('the programs of the sandbox', () => {
  it('are found in the folders of the system', async () => {
    await install(...OTHERS, 'bwrap', 'slirp4netns', 'ip');
    expect(await findTools([folder])).toMatchObject({
      ok: true,
      tools: { bwrap: join(folder, 'bwrap'), ip: join(folder, 'ip') },
    });
  });

  it('may lack what only closes more of the machine', async () => {
    await install(...OTHERS, 'bwrap', 'slirp4netns');
    expect(await findTools([folder])).toMatchObject({ ok: true, tools: { ip: undefined } });
  });

  it.each([
    ['apt-get', 'apt-get install --no-install-recommends bubblewrap slirp4netns iproute2'],
    ['dnf', 'dnf install bubblewrap slirp4netns iproute2'],
    ['nothing', 'install bubblewrap, slirp4netns, iproute2'],
  ])('come with how to install them, by %s', async (installer, help) => {
    await install(...OTHERS, installer);
    expect(await findTools([folder])).toEqual({
      ok: false,
      reason: 'bwrap and slirp4netns are not installed',
      help: expect.stringContaining(help),
    });
  });
});
