import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cacheFolder, findTemporal, NoTemporal } from './temporal-binary.js';

describe('the Temporal server binary', () => {
  let folder: string;
  let said: string[];
  const say = (text: string) => void said.push(text);
  const at = (name: string) => join(folder, name);
  /** Something that answers --version. */
  const program = async (path: string): Promise<string> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '#!/bin/sh\necho temporal version 0\n');
    await chmod(path, 0o755);
    return path;
  };
  beforeEach(async () => {
    said = [];
    folder = await mkdtemp(join(tmpdir(), 'slipway-binary-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is the one that TEMPORAL_CLI names, before all others', async () => {
    const env = { TEMPORAL_CLI: await program(at('mine')), PATH: at('bin') };
    await program(at('bin/temporal'));
    expect(await findTemporal(env, say)).toEqual({ path: at('mine'), source: 'TEMPORAL_CLI' });
  });

  it('is the one on PATH, before the cache', async () => {
    const env = { PATH: `${at('empty')}:${at('bin')}`, XDG_CACHE_HOME: at('cache') };
    await program(at('bin/temporal'));
    await program(join(cacheFolder(env), 'temporal'));
    expect(await findTemporal(env, say)).toEqual({ path: at('bin/temporal'), source: 'PATH' });
  });

  it('is the cached one, when PATH has none and TEMPORAL_CLI does not run', async () => {
    const env = { TEMPORAL_CLI: at('gone'), PATH: at('empty'), XDG_CACHE_HOME: at('cache') };
    const cached = await program(join(cacheFolder(env), 'temporal'));
    expect(await findTemporal(env, say)).toEqual({ path: cached, source: 'cache' });
    expect(said).toEqual([]);
  });

  it('that is nowhere is an error that says what was tried and what to do', () => {
    const error = new NoTemporal(['PATH: no "temporal" there', 'go: Go is not installed']);
    expect(error.message).toContain('- PATH: no "temporal" there');
    expect(error.message).toContain('set TEMPORAL_CLI');
    expect(error.message).toContain('set TEMPORAL_ADDRESS');
  });
});
