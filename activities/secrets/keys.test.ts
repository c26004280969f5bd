import { mkdir, readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KeyFolder } from './keys.js';
import { KeyMissing, KeyUnusable } from './secrets.errors.js';
import { keyFolder } from './testing.js';

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ folder, remove } = await keyFolder());
});
afterEach(() => remove());

const names = async () => (await readdir(folder)).sort();

describe('a folder of keys', () => {
  it('is made at the first use, for its owner only', async () => {
    const key = await new KeyFolder(folder).current();
    expect(key.bytes).toHaveLength(32);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await names()).toEqual(['current', `${key.id}.key`]);
    for (const name of await names()) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    }
  });

  it('has one current key, however many begin at once', async () => {
    const keys = await Promise.all(
      Array.from({ length: 8 }, () => new KeyFolder(folder).current()),
    );
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
    expect((await names()).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('keeps old keys when a new one follows', async () => {
    const keys = new KeyFolder(folder);
    const first = await keys.current();
    const second = await keys.next();
    expect(await keys.current()).toEqual(second);
    expect(await keys.byId(first.id)).toEqual(first);
  });

  it('says which file is missing, and never makes another key of that name', async () => {
    const keys = new KeyFolder(folder);
    const { id } = await keys.current();
    await unlink(join(folder, `${id}.key`));
    const missing = keys.current();
    await expect(missing).rejects.toThrow(KeyMissing);
    await expect(missing).rejects.toThrow(join(folder, `${id}.key`));
    expect(await names()).toEqual(['current']);
  });

  it.each(['', 'c2hvcnQ=', 'not base64 at all, and no key'])(
    'refuses a file that holds "%s", and does not show it',
    async (text) => {
      await mkdir(folder);
      await writeFile(join(folder, 'k-1.key'), text);
      const refused = new KeyFolder(folder).byId('k-1');
      await expect(refused).rejects.toThrow(KeyUnusable);
      await expect(refused).rejects.not.toThrow(/c2hvcnQ|at all/);
    },
  );

  it('leaves its folder for no name', async () => {
    await expect(new KeyFolder(folder).byId('../k-1')).rejects.toThrow(KeyUnusable);
  });

  it('says so when the folder cannot be used', async () => {
    await writeFile(folder, 'a file');
    const refused = new KeyFolder(folder).current();
    await expect(refused).rejects.toMatchObject({
      code: 'key-unusable',
      help: expect.stringContaining('SLIPWAY_KEYS'),
    });
    expect(await readFile(folder, 'utf8')).toBe('a file');
  });
});
