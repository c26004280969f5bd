import { tmpdir } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { watchDisk } from './disk-watch.js';

describe('the disk of the home', () => {
  it('that has room is not mentioned', () => {
    const { trouble, stop } = watchDisk(tmpdir(), () => {}, { needBytes: 1, everyMs: 5 });
    expect(trouble()).toBeUndefined();
    stop();
  });

  it('that has too little is mentioned once', async () => {
    const said: string[] = [];
    const needs = { needBytes: Number.MAX_SAFE_INTEGER, everyMs: 5 };
    const first = Promise.withResolvers<void>();
    const { trouble, stop } = watchDisk(
      tmpdir(),
      (text) => {
        said.push(text);
        setTimeout(first.resolve, 50);
      },
      needs,
    );
    await first.promise;
    stop();
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`no space is left on the disk that holds "${tmpdir()}"`);
    expect(trouble()).toMatch(/bytes are free$/);
  });
});
