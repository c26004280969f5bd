import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { replay } from './bundle.js';
import { bundleVariant, type Change } from './variant.js';

// Histories of every release, recorded on a real server: a run that is in progress must go on after
// an update. A story that fails here needs a patch in the workflow (docs/adr/0032), never a new
// recording: the release that is named is out there, and so are its runs.

const recorded = new URL('./recorded/', import.meta.url);
const releases = readdirSync(recorded);
const storiesOf = (release: string): string[] => readdirSync(new URL(`${release}/`, recorded));
const read = (release: string, story: string): { events: unknown[] } =>
  JSON.parse(readFileSync(new URL(`${release}/${story}`, recorded), 'utf8')) as {
    events: unknown[];
  };

describe.each(releases)('a run that release %s began', (release) => {
  it.each(storiesOf(release))('goes on with the code of today: %s', (story) =>
    replay(read(release, story)),
  );
});

describe('the recordings guard runs in flight', () => {
  const opening = 'await openRun({ run, trigger, plan });';
  const twice = (condition: string): Change[] => [
    { file: 'run/engine.ts', from: opening, to: `${opening}\n${condition} ${opening}` },
    { file: 'run/engine.ts', from: '  continueAsNew,\n', to: '  continueAsNew,\n  patched,\n' },
  ];

  it('have the stories of the first release', () => {
    expect(storiesOf('0.1.0')).toHaveLength(26);
  });

  it('notice a changed order of commands', async () => {
    const changed = bundleVariant(twice(''));
    await expect(replay(read('0.1.0', 'chain.json'), changed)).rejects.toThrow(/[Nn]ondeterminism/);
  });

  it('let the same change pass under a patch', async () => {
    const changed = bundleVariant(twice("if (patched('opens-twice'))"));
    await replay(read('0.1.0', 'chain.json'), changed);
  });
});
