import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { viewOf } from './view.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-view-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const ETC: [string, string][] = [['/made/etc', '/etc']];

/** Where the folders of the view are that are not the system's. */
function seen(path: string, more: { readable?: string[]; hidden?: string[] } = {}): string[] {
  const { binds } = viewOf(ETC, { path, readable: [], hidden: [], ...more });
  return binds.map(([, to]) => to).filter((to) => to.startsWith(root));
}

describe('what of the machine steps see', () => {
  it('are its programs and libraries, once, and our own /etc', () => {
    const { binds, links } = viewOf(ETC, { path: '/usr/bin:/bin', readable: [], hidden: [] });
    expect(binds).toContainEqual(['/usr', '/usr']);
    expect(binds).toContainEqual(['/made/etc', '/etc']);
    const places = [...binds.map(([, to]) => to), ...links.map(([, to]) => to)];
    expect(new Set(places).size).toBe(places.length);
    for (const place of ['/', '/root', '/home', '/tmp', '/var', '/run']) {
      expect(places).not.toContain(place);
    }
  });

  it('is all of a tool whose programs are on PATH', async () => {
    await mkdir(join(root, 'tool/bin'), { recursive: true });
    expect(seen(`${root}/tool/bin:/usr/bin`)).toEqual([join(root, 'tool')]);
    await mkdir(join(root, 'shims'));
    expect(seen(`${root}/shims`)).toEqual([join(root, 'shims')]);
    expect(seen(`${root}/absent/bin:relative/bin:`)).toEqual([]);
  });

  it('is of a person’s home no more than the programs, and what a Node needs beside them', () => {
    const path = '/root/.nothing/bin';
    const { binds } = viewOf(ETC, { path, readable: [], hidden: [] });
    expect(binds.map(([, to]) => to)).not.toContain('/root/.nothing');
  });

  it('is what the worker names, but never a folder that holds what is ours', async () => {
    await mkdir(join(root, 'data/home'), { recursive: true });
    const hidden = [join(root, 'data/home')];
    expect(seen('', { readable: [join(root, 'data')] })).toEqual([join(root, 'data')]);
    expect(seen('', { readable: [join(root, 'data')], hidden })).toEqual([]);
    expect(seen('', { readable: [root], hidden })).toEqual([]);
  });

  it('is covered where ours lies within the system’s', () => {
    const hidden = ['/usr/lib/slipway', '/srv/slipway'];
    expect(viewOf(ETC, { path: '', readable: [], hidden }).hidden).toEqual(['/usr/lib/slipway']);
  });
});
